/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI device that is configured where it is plugged:
 * -device labnet-config,reg=0x1234,revision=3
 * Its table is in models/labnet-config.yaml.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "labnet-device.h"
#include "labnet-config-registers.h"
#include "trace.h"

#define TYPE_LABNET_CONFIG "labnet-config"
OBJECT_DECLARE_SIMPLE_TYPE(LabnetConfigState, LABNET_CONFIG)

struct LabnetConfigState {
    PCIDevice parent_obj;

    MemoryRegion mmio;
    uint32_t value;

    /* properties */
    uint32_t reg;
    uint32_t revision;
};

static uint32_t labnet_config_read_word(void *opaque, hwaddr offset)
{
    LabnetConfigState *s = opaque;

    switch (offset) {
    case LABNET_CONFIG_VALUE:
        return s->value;
    case LABNET_CONFIG_REVISION:
        return s->revision;
    default:
        return 0;
    }
}

static uint64_t labnet_config_read(void *opaque, hwaddr offset, unsigned size)
{
    LabnetConfigState *s = opaque;
    uint64_t value = labnet_read_bytes(s, labnet_config_read_word, offset,
                                       size);

    labnet_trace_read(PCI_DEVICE(s), 0, offset,
                      labnet_config_register_name(0, offset), size, value);
    return value;
}

static void labnet_config_write(void *opaque, hwaddr offset, uint64_t value,
                                unsigned size)
{
    LabnetConfigState *s = opaque;

    labnet_trace_write(PCI_DEVICE(s), 0, offset,
                       labnet_config_register_name(0, offset), size, value);
    if (!labnet_is_word_write(offset, size) || offset != LABNET_CONFIG_VALUE) {
        qemu_log_mask(LOG_GUEST_ERROR, "%s: no write of %u bytes at 0x%"
                      HWADDR_PRIx "\n", labnet_device_name(PCI_DEVICE(s)),
                      size, offset);
        return;
    }
    s->value = value;
}

static const MemoryRegionOps labnet_config_ops = {
    .read = labnet_config_read,
    .write = labnet_config_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static void labnet_config_reset(DeviceState *dev)
{
    LabnetConfigState *s = LABNET_CONFIG(dev);

    trace_labnet_reset(labnet_device_name(PCI_DEVICE(s)));
    s->value = s->reg;
}

static void labnet_config_realize(PCIDevice *pdev, Error **errp)
{
    LabnetConfigState *s = LABNET_CONFIG(pdev);

    if (!labnet_check_range(pdev, "revision", s->revision,
                            LABNET_CONFIG_PROPERTY_REVISION_MIN,
                            LABNET_CONFIG_PROPERTY_REVISION_MAX, errp)) {
        return;
    }
    pci_set_byte(pdev->config + PCI_REVISION_ID, s->revision);
    memory_region_init_io(&s->mmio, OBJECT(s), &labnet_config_ops, s,
                          "labnet-config", LABNET_CONFIG_BAR0_SIZE);
    pci_register_bar(pdev, LABNET_CONFIG_BAR0, PCI_BASE_ADDRESS_SPACE_MEMORY,
                     &s->mmio);
}

static const VMStateDescription labnet_config_vmstate = {
    .name = "labnet-config",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, LabnetConfigState),
        VMSTATE_UINT32(value, LabnetConfigState),
        VMSTATE_END_OF_LIST()
    },
};

static LABNET_PROPERTY labnet_config_properties[] = {
    DEFINE_PROP_UINT32("reg", LabnetConfigState, reg,
                       LABNET_CONFIG_PROPERTY_REG_DEFAULT),
    DEFINE_PROP_UINT32("revision", LabnetConfigState, revision,
                       LABNET_CONFIG_PROPERTY_REVISION_DEFAULT),
    LABNET_PROPERTIES_END
};

static void labnet_config_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(klass);

    k->realize = labnet_config_realize;
    k->vendor_id = LABNET_CONFIG_VENDOR_ID;
    k->device_id = LABNET_CONFIG_DEVICE_ID;
    k->class_id = LABNET_CONFIG_CLASS >> 8;
    dc->desc = "LabNet's device with properties";
    dc->vmsd = &labnet_config_vmstate;
    labnet_class_set_reset(dc, labnet_config_reset);
    device_class_set_props(dc, labnet_config_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo labnet_config_info = {
    .name = TYPE_LABNET_CONFIG,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(LabnetConfigState),
    .class_init = labnet_config_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { }
    },
};

LABNET_TYPES(labnet_config)
{
    type_register_static(&labnet_config_info);
}
