/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI Express device to learn by: interrupts by INTx, MSI and MSI-X
 * (labnet-edu-irq.c), a timer, a doorbell and faults on request
 * (labnet-edu-mmio.c), DMA by scatter lists (labnet-edu-dma.c). Its table is
 * in models/labnet-edu.yaml.
 *
 * On a bus without PCI Express, and there only, it has no PCI Express
 * capability and so no function level reset.
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "labnet-edu.h"
#include "trace.h"

#define PM_OFFSET 0x40
#define VENDOR_OFFSET 0x48
#define MSI_OFFSET 0x60
#define EXPRESS_OFFSET 0x80

#define VENDOR_TEXT "LabNet edu"

static void labnet_edu_config_write(PCIDevice *pdev, uint32_t address,
                                    uint32_t value, int size)
{
    pci_default_write_config(pdev, address, value, size);
    if (pci_is_express(pdev)) {
        pcie_cap_flr_write_config(pdev, address, value, size);
    }
    /* The guest may have gone back from messages to the pin. */
    labnet_edu_update_intx(LABNET_EDU(pdev));
}

static void labnet_edu_reset(DeviceState *dev)
{
    PCIDevice *pdev = PCI_DEVICE(dev);

    trace_labnet_reset(labnet_device_name(pdev));
    pci_set_word(pdev->config + PM_OFFSET + PCI_PM_CTRL,
                 PCI_PM_CTRL_NO_SOFT_RESET);
    labnet_edu_reset_registers(LABNET_EDU(dev));
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
    /*
     * The memory itself goes when RCU lets it; its name has to be free at
     * once, for the device that may come to the same place.
     */
    vmstate_unregister_ram(&s->memory, DEVICE(s));
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

    timer_init_ns(&s->timer, QEMU_CLOCK_VIRTUAL, labnet_edu_tick, s);
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

    if (!labnet_edu_is_period(s->timer_period) ||
        !labnet_edu_is_pace(s->dma_pace) ||
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
