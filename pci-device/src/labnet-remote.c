/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI device whose behaviour is in another process, the peer, at the other
 * end of a character device. The messages are in docs/pci-remote.md.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "hw/pci/msix.h"
#include "hw/qdev-properties-system.h"
#include "labnet-device.h"
#include "labnet-remote-peer.h"
#include "labnet-remote-registers.h"
#include "trace.h"

#define TYPE_LABNET_REMOTE "labnet-remote"
OBJECT_DECLARE_SIMPLE_TYPE(LabnetRemoteState, LABNET_REMOTE)

struct LabnetRemoteState {
    PCIDevice parent_obj;

    MemoryRegion mmio;
    CharBackend chr;
    uint32_t timeout_ms;
    uint32_t size;
    LabnetRemotePeer peer;

    uint8_t levels;         /* what the peer holds high, a bit a vector */
};

static void labnet_remote_update_intx(LabnetRemoteState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    pci_set_irq(pdev, s->levels && !msix_enabled(pdev));
}

static void labnet_remote_set_irq(PCIDevice *pdev, unsigned int vector,
                                  bool high)
{
    LabnetRemoteState *s = LABNET_REMOTE(pdev);
    bool was_high = extract32(s->levels, vector, 1);

    s->levels = deposit32(s->levels, vector, 1, high);
    if (!high) {
        if (was_high) {
            trace_labnet_irq_ack(labnet_device_name(pdev), vector);
        }
    } else if (msix_enabled(pdev)) {
        trace_labnet_irq_raise(labnet_device_name(pdev), vector, "msix",
                               vector);
        msix_notify(pdev, vector);
    } else if (!was_high) {
        trace_labnet_irq_raise(labnet_device_name(pdev), vector, "intx", 0);
    }
    labnet_remote_update_intx(s);
}

static bool labnet_remote_dma(PCIDevice *pdev, uint64_t address, uint8_t *buf,
                              size_t bytes, bool is_write)
{
    /* Never another device's registers, this one's among them. */
    const MemTxAttrs attrs = { .memory = 1 };

    if (!(pci_get_word(pdev->config + PCI_COMMAND) & PCI_COMMAND_MASTER) ||
        address + (bytes - 1) < address) {
        return false;
    }
    return address_space_rw(pci_get_address_space(pdev), address, attrs, buf,
                            bytes, is_write) == MEMTX_OK;
}

static const LabnetRemotePeerOps labnet_remote_peer_ops = {
    .set_irq = labnet_remote_set_irq,
    .dma = labnet_remote_dma,
};

static uint64_t labnet_remote_read(void *opaque, hwaddr offset, unsigned size)
{
    LabnetRemoteState *s = opaque;
    uint64_t value = labnet_remote_peer_read(&s->peer, offset, size);

    value = extract64(value, 0, size * 8);
    labnet_trace_read(PCI_DEVICE(s), 0, offset,
                      labnet_remote_register_name(0, offset), size, value);
    return value;
}

static void labnet_remote_write(void *opaque, hwaddr offset, uint64_t value,
                                unsigned size)
{
    LabnetRemoteState *s = opaque;

    labnet_trace_write(PCI_DEVICE(s), 0, offset,
                       labnet_remote_register_name(0, offset), size, value);
    labnet_remote_peer_write(&s->peer, offset, value, size);
}

static const MemoryRegionOps labnet_remote_ops = {
    .read = labnet_remote_read,
    .write = labnet_remote_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static void labnet_remote_config_write(PCIDevice *pdev, uint32_t address,
                                       uint32_t value, int length)
{
    pci_default_write_config(pdev, address, value, length);
    /* MSI-X may have been turned on or off. */
    labnet_remote_update_intx(LABNET_REMOTE(pdev));
}

static void labnet_remote_reset(DeviceState *dev)
{
    LabnetRemoteState *s = LABNET_REMOTE(dev);

    trace_labnet_reset(labnet_device_name(PCI_DEVICE(s)));
    s->levels = 0;
    labnet_remote_update_intx(s);
    labnet_remote_peer_reset(&s->peer);
}

static bool labnet_remote_check(LabnetRemoteState *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    if (!labnet_check_range(pdev, "timeout-ms", s->timeout_ms,
                            LABNET_REMOTE_PROPERTY_TIMEOUT_MS_MIN,
                            LABNET_REMOTE_PROPERTY_TIMEOUT_MS_MAX, errp) ||
        !labnet_check_range(pdev, "size", s->size,
                            LABNET_REMOTE_PROPERTY_SIZE_MIN,
                            LABNET_REMOTE_PROPERTY_SIZE_MAX, errp)) {
        return false;
    }
    if (!is_power_of_2(s->size)) {
        error_setg(errp, "labnet-remote: size=%u is not a power of two",
                   s->size);
        return false;
    }
    if (!qemu_chr_fe_backend_connected(&s->chr)) {
        error_setg(errp, "labnet-remote: chardev= is missing");
        return false;
    }
    if (!qemu_chr_has_feature(qemu_chr_fe_get_driver(&s->chr),
                              QEMU_CHAR_FEATURE_GCONTEXT)) {
        error_setg(errp, "labnet-remote: this kind of chardev can't be read "
                   "from a vCPU's thread, a socket can");
        return false;
    }
    return true;
}

static void labnet_remote_realize(PCIDevice *pdev, Error **errp)
{
    LabnetRemoteState *s = LABNET_REMOTE(pdev);
    unsigned int vector;

    if (!labnet_remote_check(s, errp) ||
        msix_init_exclusive_bar(pdev, LABNET_REMOTE_BAR4_VECTORS,
                                LABNET_REMOTE_BAR4, errp)) {
        return;
    }
    for (vector = 0; vector < LABNET_REMOTE_BAR4_VECTORS; vector++) {
        msix_vector_use(pdev, vector);
    }
    pci_config_set_interrupt_pin(pdev->config, 1);
    memory_region_init_io(&s->mmio, OBJECT(s), &labnet_remote_ops, s,
                          "labnet-remote", s->size);
    pci_register_bar(pdev, LABNET_REMOTE_BAR0, PCI_BASE_ADDRESS_SPACE_MEMORY,
                     &s->mmio);

    labnet_remote_peer_start(&s->peer, pdev, &labnet_remote_peer_ops, &s->chr,
                             s->size, s->timeout_ms);
}

static void labnet_remote_exit(PCIDevice *pdev)
{
    LabnetRemoteState *s = LABNET_REMOTE(pdev);

    labnet_remote_peer_stop(&s->peer);
    msix_unuse_all_vectors(pdev);
    msix_uninit_exclusive_bar(pdev);
}

static int labnet_remote_post_load(void *opaque, int version_id)
{
    LabnetRemoteState *s = opaque;

    labnet_remote_peer_restored(&s->peer);
    return 0;
}

static const VMStateDescription labnet_remote_vmstate = {
    .name = "labnet-remote",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = labnet_remote_post_load,
    .fields = (VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, LabnetRemoteState),
        VMSTATE_MSIX(parent_obj, LabnetRemoteState),
        VMSTATE_UINT32_EQUAL(size, LabnetRemoteState, "size= differs"),
        VMSTATE_UINT8(levels, LabnetRemoteState),
        VMSTATE_END_OF_LIST()
    },
};

static LABNET_PROPERTY labnet_remote_properties[] = {
    DEFINE_PROP_CHR("chardev", LabnetRemoteState, chr),
    DEFINE_PROP_UINT32("timeout-ms", LabnetRemoteState, timeout_ms,
                       LABNET_REMOTE_PROPERTY_TIMEOUT_MS_DEFAULT),
    DEFINE_PROP_UINT32("size", LabnetRemoteState, size,
                       LABNET_REMOTE_PROPERTY_SIZE_DEFAULT),
    LABNET_PROPERTIES_END
};

static char *labnet_remote_get_state(Object *obj, Error **errp)
{
    return g_strdup(labnet_remote_peer_state(&LABNET_REMOTE(obj)->peer));
}

static char *labnet_remote_get_reason(Object *obj, Error **errp)
{
    return g_strdup(LABNET_REMOTE(obj)->peer.reason);
}

static void labnet_remote_init(Object *obj)
{
    LabnetRemoteCounters *c = &LABNET_REMOTE(obj)->peer.counters;
    const struct {
        const char *name;
        uint64_t *value;
    } counters[] = {
        { "connections", &c->connections },
        { "reads", &c->reads },
        { "writes", &c->writes },
        { "unanswered-reads", &c->unanswered_reads },
        { "lost-writes", &c->lost_writes },
        { "trips", &c->trips },
        { "late-answers", &c->late_answers },
        { "dropped-messages", &c->dropped_messages },
        { "violations", &c->violations },
        { "interrupts", &c->interrupts },
        { "dma-requests", &c->dma_requests },
        { "dma-refused", &c->dma_refused },
    };
    size_t i;

    LABNET_REMOTE(obj)->peer.reason = "nobody has connected yet";
    for (i = 0; i < ARRAY_SIZE(counters); i++) {
        object_property_add_uint64_ptr(obj, counters[i].name,
                                       counters[i].value, OBJ_PROP_FLAG_READ);
    }
}

static void labnet_remote_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(klass);

    k->realize = labnet_remote_realize;
    k->exit = labnet_remote_exit;
    k->config_write = labnet_remote_config_write;
    k->vendor_id = LABNET_REMOTE_VENDOR_ID;
    k->device_id = LABNET_REMOTE_DEVICE_ID;
    k->class_id = LABNET_REMOTE_CLASS >> 8;
    dc->desc = "LabNet's device with its behaviour in another process";
    dc->vmsd = &labnet_remote_vmstate;
    device_class_set_props(dc, labnet_remote_properties);
    labnet_class_set_reset(dc, labnet_remote_reset);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    object_class_property_add_str(klass, "state", labnet_remote_get_state,
                                  NULL);
    object_class_property_add_str(klass, "last-reason",
                                  labnet_remote_get_reason, NULL);
}

static const TypeInfo labnet_remote_info = {
    .name = TYPE_LABNET_REMOTE,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(LabnetRemoteState),
    .instance_init = labnet_remote_init,
    .class_init = labnet_remote_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { }
    },
};

LABNET_TYPES(labnet_remote)
{
    type_register_static(&labnet_remote_info);
}
