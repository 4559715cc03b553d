/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA of labnet-edu. A run walks a scatter list in guest memory; its entries
 * have 16 bytes, little endian:
 *
 *   u64 address   of the guest
 *   u32 length    1 to 64 KiB
 *   u32 flags     bits 0-15: offset in BAR 2; bit 31: 1 to the device,
 *                 0 from it; the others are 0
 *
 * Each step of a run comes from a timer: never from inside of an access to a
 * register, and never longer than 4 KiB, so that a guest that asks for a lot
 * keeps neither a vCPU nor the main loop. Nothing that the guest gave is used
 * before it was checked, and it is read once.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "labnet-edu.h"
#include "trace.h"

#define STEP_BYTES_MAX 4096
#define LIST_ENTRIES_MAX 256
#define ENTRY_BYTES_MAX LABNET_EDU_BAR2_SIZE
#define FLAGS_OFFSET 0x0000ffffu
#define FLAGS_TO_DEVICE 0x80000000u

typedef struct ListEntry {
    uint64_t address;
    uint32_t length;
    uint32_t flags;
} ListEntry;

/*
 * Only to and from memory: a device that is told to write to a register, its
 * own among them, gets an error from the bus.
 */
static bool transfer(LabnetEduState *s, uint64_t address, void *data,
                     uint32_t bytes, DMADirection direction)
{
    MemTxAttrs attrs = {
        .memory = 1,
        .requester_id = pci_requester_id(PCI_DEVICE(s)),
    };

    return pci_dma_rw(PCI_DEVICE(s), address, data, bytes, direction,
                      attrs) == MEMTX_OK;
}

static bool is_master(LabnetEduState *s)
{
    return pci_get_word(PCI_DEVICE(s)->config + PCI_COMMAND) &
           PCI_COMMAND_MASTER;
}

static void schedule_step(LabnetEduState *s)
{
    timer_mod(&s->dma.timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                             (int64_t)s->dma_pace * SCALE_US);
}

/* What began with an entry ends with it, so that each is a span of its own. */
static void end_entry(LabnetEduState *s, uint32_t error)
{
    s->dma.has_entry = false;
    trace_labnet_dma_end(labnet_device_name(PCI_DEVICE(s)), s->dma.run, error);
}

static void end_run(LabnetEduState *s, uint32_t error)
{
    LabnetEduDma *d = &s->dma;

    timer_del(&d->timer);
    if (d->has_entry) {
        end_entry(s, error);
    }
    d->error = error;
    d->state = error ? LABNET_EDU_DMA_STATE_ERROR : LABNET_EDU_DMA_STATE_DONE;
    if (error) {
        qemu_log_mask(LOG_GUEST_ERROR, "%s: DMA ended with error %u in entry "
                      "%u\n", labnet_device_name(PCI_DEVICE(s)), error,
                      d->entries_done);
    }
    labnet_edu_raise(s, error ? LABNET_EDU_IRQ_STATUS_DMA_ERROR
                              : LABNET_EDU_IRQ_STATUS_DMA_DONE);
}

static uint32_t check_entry(const ListEntry *entry)
{
    uint32_t offset = entry->flags & FLAGS_OFFSET;

    if (entry->length == 0 || entry->length > ENTRY_BYTES_MAX) {
        return LABNET_EDU_DMA_ERROR_LENGTH;
    }
    if (entry->flags & ~(FLAGS_OFFSET | FLAGS_TO_DEVICE)) {
        return LABNET_EDU_DMA_ERROR_FLAGS;
    }
    if (entry->length > LABNET_EDU_BAR2_SIZE - offset) {
        return LABNET_EDU_DMA_ERROR_OFFSET;
    }
    if (entry->address > UINT64_MAX - (entry->length - 1)) {
        return LABNET_EDU_DMA_ERROR_ADDRESS;
    }
    return LABNET_EDU_DMA_ERROR_NONE;
}

/* Returns an error of DMA_ERROR. */
static uint32_t fetch_entry(LabnetEduState *s)
{
    LabnetEduDma *d = &s->dma;
    uint64_t skip = (uint64_t)d->entries_done * sizeof(ListEntry);
    ListEntry entry;
    uint32_t error;

    if (d->list > UINT64_MAX - skip - (sizeof(entry) - 1)) {
        return LABNET_EDU_DMA_ERROR_ADDRESS;
    }
    if (!transfer(s, d->list + skip, &entry, sizeof(entry),
                  DMA_DIRECTION_TO_DEVICE)) {
        return LABNET_EDU_DMA_ERROR_BUS;
    }
    entry.address = le64_to_cpu(entry.address);
    entry.length = le32_to_cpu(entry.length);
    entry.flags = le32_to_cpu(entry.flags);
    error = check_entry(&entry);
    if (error) {
        return error;
    }

    d->has_entry = true;
    d->to_device = entry.flags & FLAGS_TO_DEVICE;
    d->address = entry.address;
    d->length = entry.length;
    d->offset = entry.flags & FLAGS_OFFSET;
    d->moved = 0;
    trace_labnet_dma_begin(labnet_device_name(PCI_DEVICE(s)), d->run,
                           d->address, d->length,
                           d->to_device ? "to-device" : "from-device");
    return LABNET_EDU_DMA_ERROR_NONE;
}

/*
 * By a buffer of our own: the guest's end may be the device's memory itself.
 * Returns an error of DMA_ERROR.
 */
static uint32_t move_bytes(LabnetEduState *s, uint32_t bytes)
{
    LabnetEduDma *d = &s->dma;
    uint32_t at = d->offset + d->moved;
    uint8_t *memory = memory_region_get_ram_ptr(&s->memory);
    uint8_t data[STEP_BYTES_MAX];

    if (!d->to_device) {
        memcpy(data, memory + at, bytes);
        data[0] ^= s->inject & LABNET_EDU_INJECT_BAD_DATA ? 0xff : 0;
        if (!transfer(s, d->address + d->moved, data, bytes,
                      DMA_DIRECTION_FROM_DEVICE)) {
            return LABNET_EDU_DMA_ERROR_BUS;
        }
    } else {
        if (!transfer(s, d->address + d->moved, data, bytes,
                      DMA_DIRECTION_TO_DEVICE)) {
            return LABNET_EDU_DMA_ERROR_BUS;
        }
        data[0] ^= s->inject & LABNET_EDU_INJECT_BAD_DATA ? 0xff : 0;
        memcpy(memory + at, data, bytes);
        memory_region_set_dirty(&s->memory, at, bytes);
    }
    d->moved += bytes;
    d->bytes_done += bytes;
    return LABNET_EDU_DMA_ERROR_NONE;
}

static uint32_t step(LabnetEduState *s)
{
    LabnetEduDma *d = &s->dma;
    uint32_t error;
    uint32_t bytes;

    if (!is_master(s)) {
        return LABNET_EDU_DMA_ERROR_NOT_MASTER;
    }
    if (!d->has_entry) {
        error = fetch_entry(s);
        if (error) {
            return error;
        }
    }
    bytes = MIN(d->length - d->moved, STEP_BYTES_MAX);
    if (s->inject & LABNET_EDU_INJECT_DMA_FAIL) {
        if (d->bytes_done >= s->inject_after) {
            return LABNET_EDU_DMA_ERROR_INJECTED;
        }
        bytes = MIN(bytes, s->inject_after - d->bytes_done);
    }
    error = move_bytes(s, bytes);
    if (error) {
        return error;
    }
    if (d->moved == d->length) {
        end_entry(s, LABNET_EDU_DMA_ERROR_NONE);
        d->entries_done++;
    }
    return LABNET_EDU_DMA_ERROR_NONE;
}

static void timer_step(void *opaque)
{
    LabnetEduState *s = opaque;
    uint32_t error;

    if (s->inject & LABNET_EDU_INJECT_STUCK_BUSY) {
        schedule_step(s);
        return;
    }
    error = step(s);
    if (error || s->dma.entries_done == s->dma.count) {
        end_run(s, error);
    } else {
        schedule_step(s);
    }
}

static void start(LabnetEduState *s)
{
    LabnetEduDma *d = &s->dma;

    if (d->state == LABNET_EDU_DMA_STATE_RUNNING) {
        d->error = LABNET_EDU_DMA_ERROR_BUSY;
        labnet_edu_raise(s, LABNET_EDU_IRQ_STATUS_DMA_ERROR);
        return;
    }
    d->run++;
    d->list = (uint64_t)s->dma_list_hi << 32 | s->dma_list_lo;
    d->count = s->dma_count;
    d->error = LABNET_EDU_DMA_ERROR_NONE;
    d->entries_done = 0;
    d->bytes_done = 0;
    if (d->count == 0 || d->count > LIST_ENTRIES_MAX) {
        end_run(s, LABNET_EDU_DMA_ERROR_COUNT);
        return;
    }
    d->state = LABNET_EDU_DMA_STATE_RUNNING;
    schedule_step(s);
}

bool labnet_edu_dma_command(LabnetEduState *s, uint32_t command)
{
    switch (command) {
    case LABNET_EDU_DMA_COMMAND_START:
        start(s);
        return true;
    case LABNET_EDU_DMA_COMMAND_ABORT:
        if (s->dma.state == LABNET_EDU_DMA_STATE_RUNNING) {
            end_run(s, LABNET_EDU_DMA_ERROR_ABORTED);
        }
        return true;
    default:
        return false;
    }
}

void labnet_edu_dma_reset(LabnetEduState *s)
{
    LabnetEduDma *d = &s->dma;

    timer_del(&d->timer);
    if (d->has_entry) {
        end_entry(s, LABNET_EDU_DMA_ERROR_ABORTED);
    }
    d->state = LABNET_EDU_DMA_STATE_IDLE;
    d->error = LABNET_EDU_DMA_ERROR_NONE;
    d->entries_done = 0;
    d->bytes_done = 0;
}

void labnet_edu_dma_init(LabnetEduState *s)
{
    timer_init_ns(&s->dma.timer, QEMU_CLOCK_VIRTUAL, timer_step, s);
}

void labnet_edu_dma_exit(LabnetEduState *s)
{
    timer_del(&s->dma.timer);
}

/* What comes from a snapshot is no more trusted than what the guest wrote. */
static int post_load(void *opaque, int version_id)
{
    LabnetEduDma *d = opaque;
    ListEntry entry = {
        .address = d->address,
        .length = d->length,
        .flags = d->offset,
    };

    if (d->state > LABNET_EDU_DMA_STATE_ERROR) {
        return -EINVAL;
    }
    if (d->state != LABNET_EDU_DMA_STATE_RUNNING) {
        return d->has_entry || timer_pending(&d->timer) ? -EINVAL : 0;
    }
    if (d->count == 0 || d->count > LIST_ENTRIES_MAX ||
        d->entries_done >= d->count) {
        return -EINVAL;
    }
    if (d->has_entry && (check_entry(&entry) || d->moved >= d->length)) {
        return -EINVAL;
    }
    return 0;
}

const VMStateDescription labnet_edu_dma_vmstate = {
    .name = "labnet-edu/dma",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = post_load,
    .fields = (VMStateField[]) {
        VMSTATE_TIMER(timer, LabnetEduDma),
        VMSTATE_UINT64(list, LabnetEduDma),
        VMSTATE_UINT32(count, LabnetEduDma),
        VMSTATE_UINT32(run, LabnetEduDma),
        VMSTATE_UINT32(state, LabnetEduDma),
        VMSTATE_UINT32(error, LabnetEduDma),
        VMSTATE_UINT32(entries_done, LabnetEduDma),
        VMSTATE_UINT32(bytes_done, LabnetEduDma),
        VMSTATE_BOOL(has_entry, LabnetEduDma),
        VMSTATE_BOOL(to_device, LabnetEduDma),
        VMSTATE_UINT64(address, LabnetEduDma),
        VMSTATE_UINT32(length, LabnetEduDma),
        VMSTATE_UINT32(offset, LabnetEduDma),
        VMSTATE_UINT32(moved, LabnetEduDma),
        VMSTATE_END_OF_LIST()
    },
};
