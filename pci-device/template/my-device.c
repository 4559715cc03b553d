/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI device with three registers and an interrupt. Its table is in
 * models/my-device.yaml: what stands there has a name here.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "labnet-device.h"
#include "my-device-registers.h"
#include "trace.h"

#define TYPE_MY_DEVICE "my-device"
OBJECT_DECLARE_SIMPLE_TYPE(MyDeviceState, MY_DEVICE)

struct MyDeviceState {
    PCIDevice parent_obj;

    MemoryRegion mmio;
    uint32_t value;
    uint32_t status;
};

static void my_device_set_status(MyDeviceState *s, uint32_t status)
{
    s->status = status & MY_DEVICE_MASK_STATUS;
    pci_set_irq(PCI_DEVICE(s), s->status != 0);
}

static uint32_t my_device_read_word(void *opaque, hwaddr offset)
{
    MyDeviceState *s = opaque;

    switch (offset) {
    case MY_DEVICE_VALUE:
        return s->value;
    case MY_DEVICE_STATUS:
        return s->status;
    default:
        return 0;
    }
}

static uint64_t my_device_read(void *opaque, hwaddr offset, unsigned size)
{
    MyDeviceState *s = opaque;
    uint64_t value = labnet_read_bytes(s, my_device_read_word, offset, size);

    labnet_trace_read(PCI_DEVICE(s), 0, offset,
                      my_device_register_name(0, offset), size, value);
    return value;
}

static void my_device_write_word(MyDeviceState *s, hwaddr offset,
                                 uint32_t value)
{
    switch (offset) {
    case MY_DEVICE_VALUE:
        s->value = value;
        break;
    case MY_DEVICE_RAISE:
        my_device_set_status(s, s->status | value);
        break;
    case MY_DEVICE_STATUS:
        my_device_set_status(s, s->status & ~value);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: no register at 0x%" HWADDR_PRIx
                      "\n", labnet_device_name(PCI_DEVICE(s)), offset);
    }
}

static void my_device_write(void *opaque, hwaddr offset, uint64_t value,
                            unsigned size)
{
    MyDeviceState *s = opaque;

    labnet_trace_write(PCI_DEVICE(s), 0, offset,
                       my_device_register_name(0, offset), size, value);
    if (!labnet_is_word_write(offset, size)) {
        qemu_log_mask(LOG_GUEST_ERROR, "%s: no write of %u bytes at 0x%"
                      HWADDR_PRIx "\n", labnet_device_name(PCI_DEVICE(s)),
                      size, offset);
        return;
    }
    my_device_write_word(s, offset, value);
    if (size == 8) {
        my_device_write_word(s, offset + 4, value >> 32);
    }
}

static const MemoryRegionOps my_device_ops = {
    .read = my_device_read,
    .write = my_device_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static void my_device_reset(DeviceState *dev)
{
    MyDeviceState *s = MY_DEVICE(dev);

    trace_labnet_reset(labnet_device_name(PCI_DEVICE(s)));
    s->value = MY_DEVICE_RESET_VALUE;
    my_device_set_status(s, MY_DEVICE_RESET_STATUS);
}

static void my_device_realize(PCIDevice *pdev, Error **errp)
{
    MyDeviceState *s = MY_DEVICE(pdev);

    pci_config_set_interrupt_pin(pdev->config, 1);
    memory_region_init_io(&s->mmio, OBJECT(s), &my_device_ops, s, "my-device",
                          MY_DEVICE_BAR0_SIZE);
    pci_register_bar(pdev, MY_DEVICE_BAR0, PCI_BASE_ADDRESS_SPACE_MEMORY,
                     &s->mmio);
}

/* What a snapshot has to have of it. */
static const VMStateDescription my_device_vmstate = {
    .name = "my-device",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, MyDeviceState),
        VMSTATE_UINT32(value, MyDeviceState),
        VMSTATE_UINT32(status, MyDeviceState),
        VMSTATE_END_OF_LIST()
    },
};

static void my_device_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(klass);

    k->realize = my_device_realize;
    k->vendor_id = MY_DEVICE_VENDOR_ID;
    k->device_id = MY_DEVICE_DEVICE_ID;
    k->class_id = MY_DEVICE_CLASS >> 8;
    dc->vmsd = &my_device_vmstate;
    labnet_class_set_reset(dc, my_device_reset);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo my_device_info = {
    .name = TYPE_MY_DEVICE,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(MyDeviceState),
    .class_init = my_device_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { }
    },
};

LABNET_TYPES(my_device)
{
    type_register_static(&my_device_info);
}
