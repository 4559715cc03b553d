/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of labnet-edu, and its timer. */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "labnet-edu.h"
#include "trace.h"

static bool is_timer_running(LabnetEduState *s)
{
    return s->timer_period &&
           (s->timer_control & LABNET_EDU_TIMER_CONTROL_START);
}

static void restart_timer(LabnetEduState *s)
{
    if (is_timer_running(s)) {
        timer_mod(&s->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                             (int64_t)s->timer_period * SCALE_US);
    } else {
        timer_del(&s->timer);
    }
}

void labnet_edu_tick(void *opaque)
{
    LabnetEduState *s = opaque;

    s->timer_count++;
    if (!(s->timer_control & LABNET_EDU_TIMER_CONTROL_PERIODIC)) {
        s->timer_control &= ~LABNET_EDU_TIMER_CONTROL_START;
    }
    restart_timer(s);
    labnet_edu_raise(s, LABNET_EDU_IRQ_STATUS_TIMER);
}

void labnet_edu_reset_registers(LabnetEduState *s)
{
    labnet_edu_dma_reset(s);
    timer_del(&s->timer);
    s->scratch = LABNET_EDU_RESET_SCRATCH;
    s->irq_status = LABNET_EDU_RESET_IRQ_STATUS;
    s->irq_enable = LABNET_EDU_RESET_IRQ_ENABLE;
    s->timer_period = LABNET_EDU_RESET_TIMER_PERIOD;
    s->timer_control = LABNET_EDU_RESET_TIMER_CONTROL;
    s->timer_count = LABNET_EDU_RESET_TIMER_COUNT;
    s->dma_list_lo = LABNET_EDU_RESET_DMA_LIST_LO;
    s->dma_list_hi = LABNET_EDU_RESET_DMA_LIST_HI;
    s->dma_count = LABNET_EDU_RESET_DMA_COUNT;
    s->dma_pace = LABNET_EDU_RESET_DMA_PACE;
    s->doorbell_last = LABNET_EDU_RESET_DOORBELL_LAST;
    s->doorbell_count = LABNET_EDU_RESET_DOORBELL_COUNT;
    s->inject = LABNET_EDU_RESET_INJECT;
    s->inject_after = LABNET_EDU_RESET_INJECT_AFTER;
    labnet_edu_update_intx(s);
}

static uint32_t status(LabnetEduState *s)
{
    uint32_t value = 0;

    if (s->dma.state == LABNET_EDU_DMA_STATE_RUNNING) {
        value |= LABNET_EDU_STATUS_DMA_BUSY;
    }
    if (is_timer_running(s)) {
        value |= LABNET_EDU_STATUS_TIMER_RUNNING;
    }
    if (s->dma.state == LABNET_EDU_DMA_STATE_ERROR) {
        value |= LABNET_EDU_STATUS_ERROR;
    }
    return value;
}

static uint32_t labnet_edu_read_word(void *opaque, hwaddr offset)
{
    LabnetEduState *s = opaque;

    switch (offset) {
    case LABNET_EDU_ID:
        return LABNET_EDU_RESET_ID;
    case LABNET_EDU_VERSION:
        return LABNET_EDU_RESET_VERSION;
    case LABNET_EDU_SCRATCH:
        return s->scratch;
    case LABNET_EDU_STATUS:
        return status(s);
    case LABNET_EDU_IRQ_STATUS:
        return s->irq_status;
    case LABNET_EDU_IRQ_ENABLE:
        return s->irq_enable;
    case LABNET_EDU_TIMER_PERIOD:
        return s->timer_period;
    case LABNET_EDU_TIMER_CONTROL:
        return s->timer_control;
    case LABNET_EDU_TIMER_COUNT:
        return s->timer_count;
    case LABNET_EDU_DMA_LIST_LO:
        return s->dma_list_lo;
    case LABNET_EDU_DMA_LIST_HI:
        return s->dma_list_hi;
    case LABNET_EDU_DMA_COUNT:
        return s->dma_count;
    case LABNET_EDU_DMA_STATE:
        return s->dma.state;
    case LABNET_EDU_DMA_ERROR:
        return s->dma.error;
    case LABNET_EDU_DMA_ENTRY:
        return s->dma.entries_done;
    case LABNET_EDU_DMA_BYTES:
        return s->dma.bytes_done;
    case LABNET_EDU_DMA_PACE:
        return s->dma_pace;
    case LABNET_EDU_DOORBELL_LAST:
        return s->doorbell_last;
    case LABNET_EDU_DOORBELL_COUNT:
        return s->doorbell_count;
    case LABNET_EDU_INJECT:
        return s->inject;
    case LABNET_EDU_INJECT_AFTER:
        return s->inject_after;
    default:
        return 0;
    }
}

static uint64_t labnet_edu_read(void *opaque, hwaddr offset, unsigned size)
{
    LabnetEduState *s = opaque;
    uint64_t value = labnet_read_bytes(s, labnet_edu_read_word, offset, size);

    labnet_trace_read(PCI_DEVICE(s), 0, offset,
                      labnet_edu_register_name(0, offset), size, value);
    return value;
}

static void refuse(LabnetEduState *s, hwaddr offset, unsigned size,
                   uint64_t value)
{
    qemu_log_mask(LOG_GUEST_ERROR, "%s: no write of %u bytes at 0x%"
                  HWADDR_PRIx ", 0x%" PRIx64 "\n",
                  labnet_device_name(PCI_DEVICE(s)), size, offset, value);
    labnet_edu_raise(s, LABNET_EDU_IRQ_STATUS_BAD_ACCESS);
}

bool labnet_edu_is_period(uint32_t value)
{
    return value == 0 || (value >= LABNET_EDU_MIN_TIMER_PERIOD &&
                          value <= LABNET_EDU_MAX_TIMER_PERIOD);
}

bool labnet_edu_is_pace(uint32_t value)
{
    return value >= LABNET_EDU_MIN_DMA_PACE &&
           value <= LABNET_EDU_MAX_DMA_PACE;
}

/* False if the register does not take the value. */
static bool write_timer_or_dma(LabnetEduState *s, hwaddr offset,
                               uint32_t value)
{
    switch (offset) {
    case LABNET_EDU_TIMER_PERIOD:
        if (!labnet_edu_is_period(value)) {
            return false;
        }
        s->timer_period = value;
        restart_timer(s);
        return true;
    case LABNET_EDU_TIMER_CONTROL:
        s->timer_control = value & LABNET_EDU_MASK_TIMER_CONTROL;
        restart_timer(s);
        return true;
    case LABNET_EDU_DMA_LIST_LO:
        s->dma_list_lo = value;
        return true;
    case LABNET_EDU_DMA_LIST_HI:
        s->dma_list_hi = value;
        return true;
    case LABNET_EDU_DMA_COUNT:
        s->dma_count = value;
        return true;
    case LABNET_EDU_DMA_COMMAND:
        return labnet_edu_dma_command(s, value);
    case LABNET_EDU_DMA_PACE:
        if (!labnet_edu_is_pace(value)) {
            return false;
        }
        s->dma_pace = value;
        return true;
    default:
        /* Read-only, or no register: what is written there is lost. */
        return true;
    }
}

static bool write_word(LabnetEduState *s, hwaddr offset, uint32_t value)
{
    switch (offset) {
    case LABNET_EDU_SCRATCH:
        s->scratch = value;
        return true;
    case LABNET_EDU_CONTROL:
        if (value & LABNET_EDU_CONTROL_RESET) {
            trace_labnet_reset(labnet_device_name(PCI_DEVICE(s)));
            labnet_edu_reset_registers(s);
        }
        return true;
    case LABNET_EDU_IRQ_STATUS:
        labnet_edu_acknowledge(s, value);
        return true;
    case LABNET_EDU_IRQ_ENABLE:
        labnet_edu_enable(s, value & LABNET_EDU_MASK_IRQ_ENABLE);
        return true;
    case LABNET_EDU_IRQ_RAISE:
        labnet_edu_raise(s, value);
        return true;
    case LABNET_EDU_DOORBELL:
        s->doorbell_last = value;
        s->doorbell_count++;
        labnet_edu_raise(s, LABNET_EDU_IRQ_STATUS_DOORBELL);
        return true;
    case LABNET_EDU_INJECT:
        s->inject = value & LABNET_EDU_MASK_INJECT;
        labnet_edu_update_intx(s);
        return true;
    case LABNET_EDU_INJECT_AFTER:
        s->inject_after = value;
        return true;
    default:
        return write_timer_or_dma(s, offset, value);
    }
}

static void labnet_edu_write(void *opaque, hwaddr offset, uint64_t value,
                             unsigned size)
{
    LabnetEduState *s = opaque;

    labnet_trace_write(PCI_DEVICE(s), 0, offset,
                       labnet_edu_register_name(0, offset), size, value);
    if (!labnet_is_word_write(offset, size)) {
        refuse(s, offset, size, value);
        return;
    }
    if (!write_word(s, offset, value)) {
        refuse(s, offset, 4, (uint32_t)value);
    }
    if (size == 8 && !write_word(s, offset + 4, value >> 32)) {
        refuse(s, offset + 4, 4, value >> 32);
    }
}

const MemoryRegionOps labnet_edu_ops = {
    .read = labnet_edu_read,
    .write = labnet_edu_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};
