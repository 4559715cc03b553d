/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI device whose behaviour is in another process, the peer, at the other
 * end of a character device. The messages are in docs/pci-remote.md.
 *
 * The guest's read waits for the peer, and all of the VM with it: so it waits
 * for timeout-ms at most, and once it has waited in vain (the device is
 * tripped) nothing waits any more until the peer has given an answer.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/timer.h"
#include "hw/pci/msix.h"
#include "hw/qdev-properties-system.h"
#include "sysemu/runstate.h"
#include "labnet-device.h"
#include "labnet-remote-registers.h"
#include "labnet-remote-link.h"
#include "trace.h"

#define TYPE_LABNET_REMOTE "labnet-remote"
OBJECT_DECLARE_SIMPLE_TYPE(LabnetRemoteState, LABNET_REMOTE)

/* While the device is tripped, the peer is asked so often whether it is back. */
#define PING_INTERVAL_MS 1000

typedef struct LabnetRemoteCounters {
    uint64_t connections;
    uint64_t reads;
    uint64_t writes;
    uint64_t unanswered_reads;  /* all ones were read instead */
    uint64_t lost_writes;
    uint64_t trips;
    uint64_t late_answers;
    uint64_t dropped_messages;  /* of before a restore */
    uint64_t violations;
    uint64_t interrupts;
    uint64_t dma_requests;
    uint64_t dma_refused;
} LabnetRemoteCounters;

struct LabnetRemoteState {
    PCIDevice parent_obj;

    MemoryRegion mmio;
    CharBackend chr;
    uint32_t timeout_ms;
    uint32_t size;

    LabnetRemoteLink *link;
    QEMUTimer *ping_timer;
    LabnetRemoteCounters counters;
    const char *reason;

    bool open;
    bool greeted;           /* once on this connection */
    unsigned int hellos;    /* sent, and not answered yet */
    bool tripped;
    bool restored;          /* the peer was not told yet */
    bool lost;              /* neither that accesses were dropped */
    bool reset_lost;        /* nor that the device was reset */
    bool receiving;
    uint32_t seq;           /* of the last message that was sent */
    uint32_t first_seq;     /* of this connection's last HELLO */
    uint32_t ping_seq;
    bool pinged;

    bool waiting;
    uint32_t waiting_seq;
    uint64_t answer;

    uint8_t levels;         /* what the peer holds high, a bit a vector */
};

static const char *labnet_remote_state(LabnetRemoteState *s)
{
    if (!s->open) {
        return "no-peer";
    }
    if (s->tripped) {
        return "tripped";
    }
    return s->greeted ? "ready" : "greeting";
}

static void labnet_remote_now(LabnetRemoteState *s, const char *why)
{
    s->reason = why;
    trace_labnet_remote_state(labnet_device_name(PCI_DEVICE(s)),
                              labnet_remote_state(s), why);
}

static bool labnet_remote_send(LabnetRemoteState *s, LabnetRemoteOp op,
                               unsigned int size, uint16_t flags,
                               uint64_t address, uint64_t value)
{
    LabnetRemoteMessage message = {
        .op = op,
        .size = size,
        .flags = flags,
        .seq = s->seq + 1,
        .address = address,
        .value = value,
    };

    if (!labnet_remote_link_send(s->link, &message, NULL, 0)) {
        return false;
    }
    s->seq++;
    return true;
}

static void labnet_remote_trip(LabnetRemoteState *s, const char *why)
{
    if (!s->open || s->tripped) {
        return;
    }
    s->tripped = true;
    s->counters.trips++;
    timer_mod(s->ping_timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
              PING_INTERVAL_MS);
    labnet_remote_now(s, why);
}

static void labnet_remote_untrip(LabnetRemoteState *s, const char *why)
{
    if (!s->tripped) {
        return;
    }
    s->tripped = false;
    timer_del(s->ping_timer);
    labnet_remote_now(s, why);
    if (s->reset_lost && labnet_remote_send(s, LABNET_REMOTE_RESET, 0, 0, 0,
                                            0)) {
        s->reset_lost = false;
    }
}

static void labnet_remote_ping(void *opaque)
{
    LabnetRemoteState *s = opaque;

    if (!s->pinged && labnet_remote_send(s, LABNET_REMOTE_PING, 0, 0, 0, 0)) {
        s->pinged = true;
        s->ping_seq = s->seq;
    }
    timer_mod(s->ping_timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
              PING_INTERVAL_MS);
}

static void labnet_remote_violated(void *opaque, const char *what)
{
    LabnetRemoteState *s = opaque;

    s->counters.violations++;
    labnet_remote_link_close(s->link);
    /* After the end of the connection, which is not news. */
    labnet_remote_now(s, what);
}

/* A peer that can't be told of a restore must begin anew. */
static void labnet_remote_greet(LabnetRemoteState *s)
{
    uint16_t flags = s->restored ? LABNET_REMOTE_FLAG_RESTORED : 0;

    if (!labnet_remote_send(s, LABNET_REMOTE_HELLO, 0, flags, s->size,
                            LABNET_REMOTE_VERSION)) {
        labnet_remote_link_close(s->link);
        return;
    }
    s->hellos++;
    s->first_seq = s->seq;
    s->restored = false;
}

static void labnet_remote_opened(void *opaque)
{
    LabnetRemoteState *s = opaque;

    s->counters.connections++;
    s->open = true;
    s->greeted = false;
    s->hellos = 0;
    s->pinged = false;
    labnet_remote_now(s, "a peer is there");
    labnet_remote_greet(s);
}

static void labnet_remote_closed(void *opaque)
{
    LabnetRemoteState *s = opaque;

    s->open = false;
    s->tripped = false;
    s->waiting = false;
    s->pinged = false;
    timer_del(s->ping_timer);
    labnet_remote_now(s, "the connection ended");
}

static bool labnet_remote_may_receive(void *opaque)
{
    LabnetRemoteState *s = opaque;

    /*
     * A stopped guest's memory stays as it is, unless somebody reads the
     * device by the monitor. Before its first start nobody has looked at it.
     */
    return s->waiting || runstate_is_running() ||
           runstate_check(RUN_STATE_PRELAUNCH);
}

static void labnet_remote_update_intx(LabnetRemoteState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    pci_set_irq(pdev, s->levels && !msix_enabled(pdev));
}

static void labnet_remote_set_irq(LabnetRemoteState *s, unsigned int vector,
                                  bool high)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    bool was_high = extract32(s->levels, vector, 1);

    s->levels = deposit32(s->levels, vector, 1, high);
    if (!high) {
        if (was_high) {
            trace_labnet_irq_ack(labnet_device_name(pdev), vector);
        }
    } else if (msix_enabled(pdev)) {
        s->counters.interrupts++;
        trace_labnet_irq_raise(labnet_device_name(pdev), vector, "msix",
                               vector);
        msix_notify(pdev, vector);
    } else if (!was_high) {
        s->counters.interrupts++;
        trace_labnet_irq_raise(labnet_device_name(pdev), vector, "intx", 0);
    }
    labnet_remote_update_intx(s);
}

static bool labnet_remote_dma(LabnetRemoteState *s, uint64_t address,
                              uint8_t *buf, size_t bytes, bool is_write)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    /* Never another device's registers, this one's among them. */
    const MemTxAttrs attrs = { .memory = 1 };

    if (!(pci_get_word(pdev->config + PCI_COMMAND) & PCI_COMMAND_MASTER) ||
        address + (bytes - 1) < address) {
        return false;
    }
    return address_space_rw(pci_get_address_space(pdev), address, attrs, buf,
                            bytes, is_write) == MEMTX_OK;
}

static void labnet_remote_serve_dma(LabnetRemoteState *s,
                                    const LabnetRemoteMessage *request,
                                    const uint8_t *data)
{
    const char *name = labnet_device_name(PCI_DEVICE(s));
    bool is_write = request->op == LABNET_REMOTE_DMA_WRITE;
    uint8_t buf[LABNET_REMOTE_DATA_MAX];
    size_t bytes = request->value;
    LabnetRemoteMessage reply = {
        .op = LABNET_REMOTE_DMA_DATA,
        .seq = request->seq,
        .address = request->address,
    };
    bool done;

    if (is_write) {
        memcpy(buf, data, bytes);
    }
    trace_labnet_dma_begin(name, request->seq, request->address, bytes,
                           is_write ? "from-device" : "to-device");
    done = labnet_remote_dma(s, request->address, buf, bytes, is_write);
    trace_labnet_dma_end(name, request->seq, !done);

    s->counters.dma_requests++;
    if (!done) {
        s->counters.dma_refused++;
        reply.flags = LABNET_REMOTE_FLAG_ERROR;
    } else if (!is_write) {
        reply.value = bytes;
    }
    /* There is room: else the request had not been taken. */
    labnet_remote_link_send(s->link, &reply, buf, reply.value);
}

static void labnet_remote_answered(LabnetRemoteState *s,
                                   const LabnetRemoteMessage *message)
{
    if (s->seq - message->seq >= s->seq - s->first_seq) {
        labnet_remote_violated(s, "answer to no question");
        return;
    }
    if (s->waiting && message->seq == s->waiting_seq) {
        s->waiting = false;
        s->answer = message->value;
        return;
    }
    s->counters.late_answers++;
    labnet_remote_untrip(s, "a late answer came");
}

static void labnet_remote_heard_hello(LabnetRemoteState *s,
                                      const LabnetRemoteMessage *message)
{
    if (!s->hellos) {
        labnet_remote_violated(s, "HELLO again");
    } else if (message->value != LABNET_REMOTE_VERSION) {
        labnet_remote_violated(s, "another version of the protocol");
    } else {
        s->hellos--;
        if (!s->greeted) {
            s->greeted = true;
            labnet_remote_now(s, "the peer said HELLO");
        }
        labnet_remote_untrip(s, "the peer said HELLO");
    }
}

static void labnet_remote_received(void *opaque,
                                   const LabnetRemoteMessage *message,
                                   const uint8_t *data)
{
    LabnetRemoteState *s = opaque;

    if (message->op == LABNET_REMOTE_PEER_HELLO) {
        labnet_remote_heard_hello(s, message);
        return;
    }
    if (!s->greeted) {
        labnet_remote_violated(s, "no HELLO");
        return;
    }
    if (s->hellos) {
        /* Meant for the guest as it was before it was restored. */
        s->counters.dropped_messages++;
        return;
    }
    s->receiving = true;
    switch (message->op) {
    case LABNET_REMOTE_READ_DONE:
        labnet_remote_answered(s, message);
        break;
    case LABNET_REMOTE_PONG:
        if (!s->pinged || message->seq != s->ping_seq) {
            labnet_remote_violated(s, "PONG to no PING");
            break;
        }
        s->pinged = false;
        labnet_remote_untrip(s, "the peer answered a PING");
        break;
    case LABNET_REMOTE_IRQ:
        if (message->value >= LABNET_REMOTE_BAR4_VECTORS) {
            labnet_remote_violated(s, "vector of IRQ");
            break;
        }
        labnet_remote_set_irq(s, message->value, message->flags ==
                              LABNET_REMOTE_FLAG_LEVEL_HIGH);
        break;
    case LABNET_REMOTE_DMA_READ:
    case LABNET_REMOTE_DMA_WRITE:
        labnet_remote_serve_dma(s, message, data);
        break;
    default:
        g_assert_not_reached();
    }
    s->receiving = false;
}

static const LabnetRemoteLinkOps labnet_remote_link_ops = {
    .opened = labnet_remote_opened,
    .closed = labnet_remote_closed,
    .may_receive = labnet_remote_may_receive,
    .received = labnet_remote_received,
    .violated = labnet_remote_violated,
};

static bool labnet_remote_forward(LabnetRemoteState *s, LabnetRemoteOp op,
                                  hwaddr offset, uint64_t value,
                                  unsigned int size)
{
    uint16_t flags = s->lost ? LABNET_REMOTE_FLAG_LOST : 0;

    if (!s->open || !s->greeted || s->tripped) {
        return false;
    }
    if (!labnet_remote_send(s, op, size, flags, offset, value)) {
        labnet_remote_trip(s, "the peer does not read");
        return false;
    }
    s->lost = false;
    return true;
}

/* True with the answer in s->answer. */
static bool labnet_remote_ask(LabnetRemoteState *s, hwaddr offset,
                              unsigned int size)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_REALTIME);
    int64_t deadline = now + (int64_t)s->timeout_ms * SCALE_MS;
    unsigned connection = s->counters.connections;

    /* A message that is being carried out can't wait for another one. */
    if (s->receiving ||
        !labnet_remote_forward(s, LABNET_REMOTE_READ, offset, 0, size)) {
        return false;
    }
    s->waiting = true;
    s->waiting_seq = s->seq;
    while (s->waiting && now < deadline) {
        labnet_remote_link_wait(s->link, deadline - now);
        now = qemu_clock_get_ns(QEMU_CLOCK_REALTIME);
    }
    if (s->waiting) {
        s->waiting = false;
        labnet_remote_trip(s, "no answer in time");
        return false;
    }
    return s->open && connection == s->counters.connections;
}

static uint64_t labnet_remote_read(void *opaque, hwaddr offset, unsigned size)
{
    LabnetRemoteState *s = opaque;
    uint64_t value = UINT64_MAX;

    s->counters.reads++;
    if (labnet_remote_ask(s, offset, size)) {
        value = s->answer;
    } else {
        s->counters.unanswered_reads++;
    }
    value = extract64(value, 0, size * 8);
    labnet_trace_read(PCI_DEVICE(s), 0, offset, "-", size, value);
    return value;
}

static void labnet_remote_write(void *opaque, hwaddr offset, uint64_t value,
                                unsigned size)
{
    LabnetRemoteState *s = opaque;

    labnet_trace_write(PCI_DEVICE(s), 0, offset, "-", size, value);
    s->counters.writes++;
    if (!labnet_remote_forward(s, LABNET_REMOTE_WRITE, offset, value, size)) {
        s->counters.lost_writes++;
        s->lost = true;
    }
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
    if (s->open && (s->tripped || !labnet_remote_send(s, LABNET_REMOTE_RESET,
                                                      0, 0, 0, 0))) {
        s->reset_lost = true;
    }
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

    s->ping_timer = timer_new_ms(QEMU_CLOCK_REALTIME, labnet_remote_ping, s);
    s->link = labnet_remote_link_new(&s->chr, &labnet_remote_link_ops, s);
    labnet_remote_link_start(s->link);
}

static void labnet_remote_exit(PCIDevice *pdev)
{
    LabnetRemoteState *s = LABNET_REMOTE(pdev);

    labnet_remote_link_free(s->link);
    timer_free(s->ping_timer);
    msix_unuse_all_vectors(pdev);
    msix_uninit_exclusive_bar(pdev);
}

static int labnet_remote_post_load(void *opaque, int version_id)
{
    LabnetRemoteState *s = opaque;

    /* What the peer knows is of another time. */
    s->restored = true;
    if (s->open) {
        labnet_remote_greet(s);
    }
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

LABNET_PROPERTIES labnet_remote_properties[] = {
    DEFINE_PROP_CHR("chardev", LabnetRemoteState, chr),
    DEFINE_PROP_UINT32("timeout-ms", LabnetRemoteState, timeout_ms,
                       LABNET_REMOTE_PROPERTY_TIMEOUT_MS_DEFAULT),
    DEFINE_PROP_UINT32("size", LabnetRemoteState, size,
                       LABNET_REMOTE_PROPERTY_SIZE_DEFAULT),
    LABNET_PROPERTIES_END
};

static char *labnet_remote_get_state(Object *obj, Error **errp)
{
    return g_strdup(labnet_remote_state(LABNET_REMOTE(obj)));
}

static char *labnet_remote_get_reason(Object *obj, Error **errp)
{
    return g_strdup(LABNET_REMOTE(obj)->reason);
}

static void labnet_remote_init(Object *obj)
{
    LabnetRemoteCounters *c = &LABNET_REMOTE(obj)->counters;
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

    LABNET_REMOTE(obj)->reason = "nobody has connected yet";
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
