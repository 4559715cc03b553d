/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI Express device to learn by: interrupts by INTx, MSI and MSI-X, a
 * timer, DMA by scatter lists (labnet-edu-dma.c), a doorbell, and faults on
 * request. Its table is in models/labnet-edu.yaml.
 *
 * On a bus without PCI Express, and there only, it has no PCI Express
 * capability and so no function level reset.
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "labnet-edu.h"
#include "trace.h"

#define PM_OFFSET 0x40
#define VENDOR_OFFSET 0x48
#define MSI_OFFSET 0x60
#define EXPRESS_OFFSET 0x80

#define VENDOR_TEXT "LabNet edu"

/* Sends what belongs to a cause; returns how, for the trace. */
static const char *deliver(LabnetEduState *s, unsigned int cause,
                           unsigned int *vector)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    *vector = 0;
    if (!(s->irq_enable & (1u << cause))) {
        return "disabled";
    }
    if (s->inject & LABNET_EDU_INJECT_DROP_IRQ) {
        return "dropped";
    }
    if (msix_enabled(pdev)) {
        *vector = cause % s->vectors;
        msix_notify(pdev, *vector);
        return "msi-x";
    }
    if (msi_enabled(pdev)) {
        *vector = cause % msi_nr_vectors_allocated(pdev);
        msi_notify(pdev, *vector);
        return "msi";
    }
    return "intx";
}

static void update_intx(LabnetEduState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    pci_set_irq(pdev, (s->irq_status & s->irq_enable) &&
                      !(s->inject & LABNET_EDU_INJECT_DROP_IRQ) &&
                      !msix_enabled(pdev) && !msi_enabled(pdev));
}

void labnet_edu_raise(LabnetEduState *s, uint32_t causes)
{
    uint32_t fresh = causes & LABNET_EDU_MASK_IRQ_STATUS & ~s->irq_status;

    s->irq_status |= fresh;
    while (fresh) {
        unsigned int cause = ctz32(fresh);
        unsigned int vector;
        const char *how = deliver(s, cause, &vector);

        trace_labnet_irq_raise(labnet_device_name(PCI_DEVICE(s)), cause, how,
                               vector);
        fresh &= fresh - 1;
    }
    update_intx(s);
}

static void acknowledge(LabnetEduState *s, uint32_t causes)
{
    uint32_t gone = causes & s->irq_status;

    s->irq_status &= ~gone;
    while (gone) {
        trace_labnet_irq_ack(labnet_device_name(PCI_DEVICE(s)), ctz32(gone));
        gone &= gone - 1;
    }
    update_intx(s);
}

/* A cause that waits for being enabled interrupts then. */
static void enable(LabnetEduState *s, uint32_t causes)
{
    uint32_t fresh = causes & ~s->irq_enable & s->irq_status;

    s->irq_enable = causes;
    while (fresh) {
        unsigned int vector;

        deliver(s, ctz32(fresh), &vector);
        fresh &= fresh - 1;
    }
    update_intx(s);
}

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

static void tick(void *opaque)
{
    LabnetEduState *s = opaque;

    s->timer_count++;
    if (!(s->timer_control & LABNET_EDU_TIMER_CONTROL_PERIODIC)) {
        s->timer_control &= ~LABNET_EDU_TIMER_CONTROL_START;
    }
    restart_timer(s);
    labnet_edu_raise(s, LABNET_EDU_IRQ_STATUS_TIMER);
}

static void reset_registers(LabnetEduState *s)
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
    update_intx(s);
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

static bool is_period(uint32_t value)
{
    return value == 0 || (value >= LABNET_EDU_MIN_TIMER_PERIOD &&
                          value <= LABNET_EDU_MAX_TIMER_PERIOD);
}

static bool is_pace(uint32_t value)
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
        if (!is_period(value)) {
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
        if (!is_pace(value)) {
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
            reset_registers(s);
        }
        return true;
    case LABNET_EDU_IRQ_STATUS:
        acknowledge(s, value);
        return true;
    case LABNET_EDU_IRQ_ENABLE:
        enable(s, value & LABNET_EDU_MASK_IRQ_ENABLE);
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
        update_intx(s);
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

static const MemoryRegionOps labnet_edu_ops = {
    .read = labnet_edu_read,
    .write = labnet_edu_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static void labnet_edu_config_write(PCIDevice *pdev, uint32_t address,
                                    uint32_t value, int size)
{
    pci_default_write_config(pdev, address, value, size);
    if (pci_is_express(pdev)) {
        pcie_cap_flr_write_config(pdev, address, value, size);
    }
    /* The guest may have gone back from messages to the pin. */
    update_intx(LABNET_EDU(pdev));
}

static void labnet_edu_reset(DeviceState *dev)
{
    PCIDevice *pdev = PCI_DEVICE(dev);

    trace_labnet_reset(labnet_device_name(pdev));
    pci_set_word(pdev->config + PM_OFFSET + PCI_PM_CTRL,
                 PCI_PM_CTRL_NO_SOFT_RESET);
    reset_registers(LABNET_EDU(dev));
}

/* Each returns false, with an error set, if there is no room for it. */
static bool add_power_management(PCIDevice *pdev, Error **errp)
{
    if (pci_add_capability(pdev, PCI_CAP_ID_PM, PM_OFFSET, PCI_PM_SIZEOF,
                           errp) < 0) {
        return false;
    }
    pci_set_word(pdev->config + PM_OFFSET + PCI_PM_PMC, 3);
    pci_set_word(pdev->config + PM_OFFSET + PCI_PM_CTRL,
                 PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(pdev->wmask + PM_OFFSET + PCI_PM_CTRL,
                 PCI_PM_CTRL_STATE_MASK);
    return true;
}

static bool add_vendor_text(PCIDevice *pdev, Error **errp)
{
    const uint8_t size = PCI_CAP_FLAGS + 1 + sizeof(VENDOR_TEXT);

    if (pci_add_capability(pdev, PCI_CAP_ID_VNDR, VENDOR_OFFSET, size,
                           errp) < 0) {
        return false;
    }
    pci_set_byte(pdev->config + VENDOR_OFFSET + PCI_CAP_FLAGS, size);
    memcpy(pdev->config + VENDOR_OFFSET + PCI_CAP_FLAGS + 1, VENDOR_TEXT,
           sizeof(VENDOR_TEXT));
    return true;
}

static bool add_express(PCIDevice *pdev, Error **errp)
{
    if (!pci_bus_is_express(pci_get_bus(pdev))) {
        pdev->cap_present &= ~QEMU_PCI_CAP_EXPRESS;
        return true;
    }
    if (pcie_endpoint_cap_init(pdev, EXPRESS_OFFSET) < 0) {
        error_setg(errp, TYPE_LABNET_EDU ": no PCI Express capability");
        return false;
    }
    pcie_cap_flr_init(pdev);
    return true;
}

static bool add_messages(LabnetEduState *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    uint32_t vector;

    if (s->msi && msi_init(pdev, MSI_OFFSET, pow2floor(s->vectors), true,
                           true, errp) < 0) {
        return false;
    }
    if (!s->msix) {
        return true;
    }
    if (msix_init_exclusive_bar(pdev, s->vectors, LABNET_EDU_BAR4, errp) < 0) {
        return false;
    }
    for (vector = 0; vector < s->vectors; vector++) {
        msix_vector_use(pdev, vector);
    }
    return true;
}

static void labnet_edu_exit(PCIDevice *pdev)
{
    LabnetEduState *s = LABNET_EDU(pdev);

    labnet_edu_dma_exit(s);
    timer_del(&s->timer);
    if (msix_present(pdev)) {
        msix_unuse_all_vectors(pdev);
        msix_uninit_exclusive_bar(pdev);
    }
    msi_uninit(pdev);
    if (pci_is_express(pdev) && pdev->exp.exp_cap) {
        pcie_cap_exit(pdev);
    }
}

static void labnet_edu_realize(PCIDevice *pdev, Error **errp)
{
    LabnetEduState *s = LABNET_EDU(pdev);
    Error *local_err = NULL;

    if (!labnet_check_range(pdev, "vectors", s->vectors,
                            LABNET_EDU_PROPERTY_VECTORS_MIN,
                            LABNET_EDU_PROPERTY_VECTORS_MAX, errp)) {
        return;
    }
    memory_region_init_ram(&s->memory, OBJECT(s), "labnet-edu.memory",
                           LABNET_EDU_BAR2_SIZE, &local_err);
    if (local_err) {
        error_propagate(errp, local_err);
        return;
    }
    memory_region_init_io(&s->mmio, OBJECT(s), &labnet_edu_ops, s,
                          "labnet-edu", LABNET_EDU_BAR0_SIZE);
    pci_register_bar(pdev, LABNET_EDU_BAR0, PCI_BASE_ADDRESS_SPACE_MEMORY,
                     &s->mmio);
    pci_register_bar(pdev, LABNET_EDU_BAR2,
                     PCI_BASE_ADDRESS_SPACE_MEMORY |
                     PCI_BASE_ADDRESS_MEM_TYPE_64 |
                     PCI_BASE_ADDRESS_MEM_PREFETCH, &s->memory);
    pci_config_set_interrupt_pin(pdev->config, 1);

    timer_init_ns(&s->timer, QEMU_CLOCK_VIRTUAL, tick, s);
    labnet_edu_dma_init(s);

    if (!add_power_management(pdev, errp) || !add_vendor_text(pdev, errp) ||
        !add_express(pdev, errp) || !add_messages(s, errp)) {
        labnet_edu_exit(pdev);
    }
}

/* What comes from a snapshot is no more trusted than what the guest wrote. */
static int labnet_edu_post_load(void *opaque, int version_id)
{
    LabnetEduState *s = opaque;

    if (!is_period(s->timer_period) || !is_pace(s->dma_pace) ||
        s->irq_status & ~LABNET_EDU_MASK_IRQ_STATUS ||
        s->irq_enable & ~LABNET_EDU_MASK_IRQ_ENABLE ||
        s->timer_control & ~LABNET_EDU_MASK_TIMER_CONTROL ||
        s->inject & ~LABNET_EDU_MASK_INJECT) {
        return -EINVAL;
    }
    return 0;
}

static const VMStateDescription labnet_edu_vmstate = {
    .name = TYPE_LABNET_EDU,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = labnet_edu_post_load,
    .fields = (VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, LabnetEduState),
        VMSTATE_MSIX(parent_obj, LabnetEduState),
        VMSTATE_TIMER(timer, LabnetEduState),
        VMSTATE_STRUCT(dma, LabnetEduState, 1, labnet_edu_dma_vmstate,
                       LabnetEduDma),
        VMSTATE_UINT32(scratch, LabnetEduState),
        VMSTATE_UINT32(irq_status, LabnetEduState),
        VMSTATE_UINT32(irq_enable, LabnetEduState),
        VMSTATE_UINT32(timer_period, LabnetEduState),
        VMSTATE_UINT32(timer_control, LabnetEduState),
        VMSTATE_UINT32(timer_count, LabnetEduState),
        VMSTATE_UINT32(dma_list_lo, LabnetEduState),
        VMSTATE_UINT32(dma_list_hi, LabnetEduState),
        VMSTATE_UINT32(dma_count, LabnetEduState),
        VMSTATE_UINT32(dma_pace, LabnetEduState),
        VMSTATE_UINT32(doorbell_last, LabnetEduState),
        VMSTATE_UINT32(doorbell_count, LabnetEduState),
        VMSTATE_UINT32(inject, LabnetEduState),
        VMSTATE_UINT32(inject_after, LabnetEduState),
        VMSTATE_END_OF_LIST()
    },
};

static LABNET_PROPERTY labnet_edu_properties[] = {
    DEFINE_PROP_UINT32("vectors", LabnetEduState, vectors,
                       LABNET_EDU_PROPERTY_VECTORS_DEFAULT),
    DEFINE_PROP_BOOL("msi", LabnetEduState, msi, true),
    DEFINE_PROP_BOOL("msix", LabnetEduState, msix, true),
    LABNET_PROPERTIES_END
};

/* Decides how much configuration space there is, before realize. */
static void labnet_edu_instance_init(Object *obj)
{
    PCI_DEVICE(obj)->cap_present |= QEMU_PCI_CAP_EXPRESS;
}

static void labnet_edu_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(klass);

    k->realize = labnet_edu_realize;
    k->exit = labnet_edu_exit;
    k->config_write = labnet_edu_config_write;
    k->vendor_id = LABNET_EDU_VENDOR_ID;
    k->device_id = LABNET_EDU_DEVICE_ID;
    k->class_id = LABNET_EDU_CLASS >> 8;
    dc->desc = "LabNet's device to learn by";
    dc->vmsd = &labnet_edu_vmstate;
    labnet_class_set_reset(dc, labnet_edu_reset);
    device_class_set_props(dc, labnet_edu_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo labnet_edu_info = {
    .name = TYPE_LABNET_EDU,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(LabnetEduState),
    .instance_init = labnet_edu_instance_init,
    .class_init = labnet_edu_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { }
    },
};

LABNET_TYPES(labnet_edu)
{
    type_register_static(&labnet_edu_info);
}
