/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest PCI device that does something: one BAR, one register.
 * Its table is in models/labnet-minimal.yaml.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "labnet-device.h"
#include "labnet-minimal-registers.h"
#include "trace.h"

#define TYPE_LABNET_MINIMAL "labnet-minimal"
OBJECT_DECLARE_SIMPLE_TYPE(LabnetMinimalState, LABNET_MINIMAL)

struct LabnetMinimalState {
    PCIDevice parent_obj;

    MemoryRegion mmio;
    uint32_t value;
};

static uint32_t labnet_minimal_read_word(void *opaque, hwaddr offset)
{
    LabnetMinimalState *s = opaque;

    return offset == LABNET_MINIMAL_VALUE ? s->value : 0;
}

static uint64_t labnet_minimal_read(void *opaque, hwaddr offset, unsigned size)
{
    LabnetMinimalState *s = opaque;
    uint64_t value = labnet_read_bytes(s, labnet_minimal_read_word, offset,
                                       size);

    labnet_trace_read(PCI_DEVICE(s), 0, offset,
                      labnet_minimal_register_name(0, offset), size, value);
    return value;
}

static void labnet_minimal_write(void *opaque, hwaddr offset, uint64_t value,
                                 unsigned size)
{
    LabnetMinimalState *s = opaque;

    labnet_trace_write(PCI_DEVICE(s), 0, offset,
                       labnet_minimal_register_name(0, offset), size, value);
    if (!labnet_is_word_write(offset, size) ||
        offset != LABNET_MINIMAL_VALUE) {
        qemu_log_mask(LOG_GUEST_ERROR, "%s: no write of %u bytes at 0x%"
                      HWADDR_PRIx "\n", labnet_device_name(PCI_DEVICE(s)),
                      size, offset);
        return;
    }
    s->value = value;
}

static const MemoryRegionOps labnet_minimal_ops = {
    .read = labnet_minimal_read,
    .write = labnet_minimal_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static void labnet_minimal_reset(DeviceState *dev)
{
    LabnetMinimalState *s = LABNET_MINIMAL(dev);

    trace_labnet_reset(labnet_device_name(PCI_DEVICE(s)));
    s->value = LABNET_MINIMAL_RESET_VALUE;
}

static void labnet_minimal_realize(PCIDevice *pdev, Error **errp)
{
    LabnetMinimalState *s = LABNET_MINIMAL(pdev);

    memory_region_init_io(&s->mmio, OBJECT(s), &labnet_minimal_ops, s,
                          "labnet-minimal", LABNET_MINIMAL_BAR0_SIZE);
    pci_register_bar(pdev, LABNET_MINIMAL_BAR0, PCI_BASE_ADDRESS_SPACE_MEMORY,
                     &s->mmio);
}

static const VMStateDescription labnet_minimal_vmstate = {
    .name = "labnet-minimal",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, LabnetMinimalState),
        VMSTATE_UINT32(value, LabnetMinimalState),
        VMSTATE_END_OF_LIST()
    },
};

static void labnet_minimal_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(klass);

    k->realize = labnet_minimal_realize;
    k->vendor_id = LABNET_MINIMAL_VENDOR_ID;
    k->device_id = LABNET_MINIMAL_DEVICE_ID;
    k->class_id = LABNET_MINIMAL_CLASS >> 8;
    dc->desc = "LabNet's smallest device";
    dc->vmsd = &labnet_minimal_vmstate;
    labnet_class_set_reset(dc, labnet_minimal_reset);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo labnet_minimal_info = {
    .name = TYPE_LABNET_MINIMAL,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(LabnetMinimalState),
    .class_init = labnet_minimal_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { }
    },
};

LABNET_TYPES(labnet_minimal)
{
    type_register_static(&labnet_minimal_info);
}
