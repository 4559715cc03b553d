/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's read waits for the peer, and all of the VM with it. So it waits
 * for timeout-ms at most; once it has waited in vain, the device is tripped:
 * nothing waits any more until the peer has given an answer.
 */
#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "labnet-remote-peer.h"
#include "labnet-remote-registers.h"
#include "trace.h"

/* While the device is tripped, the peer is asked so often if it is back. */
#define PING_INTERVAL_MS 1000

const char *labnet_remote_peer_state(LabnetRemotePeer *peer)
{
    if (!peer->open) {
        return "no-peer";
    }
    if (peer->tripped) {
        return "tripped";
    }
    return peer->greeted ? "ready" : "greeting";
}

static void peer_now(LabnetRemotePeer *peer, const char *why)
{
    peer->reason = why;
    trace_labnet_remote_state(labnet_device_name(peer->pdev),
                              labnet_remote_peer_state(peer), why);
}

static bool peer_send(LabnetRemotePeer *peer, LabnetRemoteOp op,
                      unsigned int size, uint16_t flags,
                      uint64_t address, uint64_t value)
{
    LabnetRemoteMessage message = {
        .op = op,
        .size = size,
        .flags = flags,
        .seq = peer->seq + 1,
        .address = address,
        .value = value,
    };

    if (!labnet_remote_link_send(peer->link, &message, NULL, 0)) {
        return false;
    }
    peer->seq++;
    return true;
}

static void peer_trip(LabnetRemotePeer *peer, const char *why)
{
    if (!peer->open || peer->tripped) {
        return;
    }
    peer->tripped = true;
    peer->counters.trips++;
    timer_mod(peer->ping_timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
              PING_INTERVAL_MS);
    peer_now(peer, why);
}

static void peer_untrip(LabnetRemotePeer *peer, const char *why)
{
    if (!peer->tripped) {
        return;
    }
    peer->tripped = false;
    timer_del(peer->ping_timer);
    peer_now(peer, why);
    if (peer->reset_lost && peer_send(peer, LABNET_REMOTE_RESET, 0, 0, 0,
                                      0)) {
        peer->reset_lost = false;
    }
}

static void peer_ping(void *opaque)
{
    LabnetRemotePeer *peer = opaque;

    if (!peer->pinged && peer_send(peer, LABNET_REMOTE_PING, 0, 0, 0, 0)) {
        peer->pinged = true;
        peer->ping_seq = peer->seq;
    }
    timer_mod(peer->ping_timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
              PING_INTERVAL_MS);
}

static void peer_violated(void *opaque, const char *what)
{
    LabnetRemotePeer *peer = opaque;

    peer->counters.violations++;
    labnet_remote_link_close(peer->link);
    /* After the end of the connection, which is not news. */
    peer_now(peer, what);
}

/* A peer that can't be told of a restore must begin anew. */
static void peer_greet(LabnetRemotePeer *peer)
{
    uint16_t flags = peer->restored ? LABNET_REMOTE_FLAG_RESTORED : 0;

    if (!peer_send(peer, LABNET_REMOTE_HELLO, 0, flags, peer->bar_bytes,
                   LABNET_REMOTE_VERSION)) {
        labnet_remote_link_close(peer->link);
        return;
    }
    peer->hellos++;
    peer->first_seq = peer->seq;
    peer->restored = false;
}

static void peer_opened(void *opaque)
{
    LabnetRemotePeer *peer = opaque;

    peer->counters.connections++;
    peer->open = true;
    peer->greeted = false;
    peer->hellos = 0;
    peer->pinged = false;
    peer_now(peer, "a peer is there");
    peer_greet(peer);
}

static void peer_closed(void *opaque)
{
    LabnetRemotePeer *peer = opaque;
    unsigned int vector;

    peer->open = false;
    peer->tripped = false;
    peer->waiting = false;
    peer->pinged = false;
    timer_del(peer->ping_timer);
    peer_now(peer, "the connection ended");
    /* Nobody is there who would lower them. */
    for (vector = 0; vector < LABNET_REMOTE_BAR4_VECTORS; vector++) {
        peer->ops->set_irq(peer->pdev, vector, false);
    }
}

static bool peer_may_receive(void *opaque)
{
    LabnetRemotePeer *peer = opaque;

    /*
     * A stopped guest's memory stays as it is, unless somebody reads the
     * device by the monitor. Before its first start nobody has looked at it.
     */
    return peer->waiting || runstate_is_running() ||
           runstate_check(RUN_STATE_PRELAUNCH);
}

static void peer_serve_dma(LabnetRemotePeer *peer,
                           const LabnetRemoteMessage *request,
                           const uint8_t *data)
{
    const char *name = labnet_device_name(peer->pdev);
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
    done = peer->ops->dma(peer->pdev, request->address, buf, bytes, is_write);
    trace_labnet_dma_end(name, request->seq, !done);

    peer->counters.dma_requests++;
    if (!done) {
        peer->counters.dma_refused++;
        reply.flags = LABNET_REMOTE_FLAG_ERROR;
    } else if (!is_write) {
        reply.value = bytes;
    }
    /* There is room: else the request had not been taken. */
    labnet_remote_link_send(peer->link, &reply, buf, reply.value);
}

static void peer_answered(LabnetRemotePeer *peer,
                          const LabnetRemoteMessage *message)
{
    if (peer->seq - message->seq >= peer->seq - peer->first_seq) {
        peer_violated(peer, "answer to no question");
        return;
    }
    if (peer->waiting && message->seq == peer->waiting_seq) {
        peer->waiting = false;
        peer->answer = message->value;
        return;
    }
    peer->counters.late_answers++;
    peer_untrip(peer, "a late answer came");
}

static void peer_heard_hello(LabnetRemotePeer *peer,
                             const LabnetRemoteMessage *message)
{
    if (!peer->hellos) {
        peer_violated(peer, "HELLO again");
    } else if (message->value != LABNET_REMOTE_VERSION) {
        peer_violated(peer, "another version of the protocol");
    } else {
        peer->hellos--;
        if (!peer->greeted) {
            peer->greeted = true;
            peer_now(peer, "the peer said HELLO");
        }
        peer_untrip(peer, "the peer said HELLO");
    }
}

static void peer_received(void *opaque,
                          const LabnetRemoteMessage *message,
                          const uint8_t *data)
{
    LabnetRemotePeer *peer = opaque;

    if (message->op == LABNET_REMOTE_PEER_HELLO) {
        peer_heard_hello(peer, message);
        return;
    }
    if (!peer->greeted) {
        peer_violated(peer, "no HELLO");
        return;
    }
    if (peer->hellos) {
        /* Meant for the guest as it was before it was restored. */
        peer->counters.dropped_messages++;
        return;
    }
    peer->receiving = true;
    switch (message->op) {
    case LABNET_REMOTE_READ_DONE:
        peer_answered(peer, message);
        break;
    case LABNET_REMOTE_PONG:
        if (!peer->pinged || message->seq != peer->ping_seq) {
            peer_violated(peer, "PONG to no PING");
            break;
        }
        peer->pinged = false;
        peer_untrip(peer, "the peer answered a PING");
        break;
    case LABNET_REMOTE_IRQ:
        if (message->value >= LABNET_REMOTE_BAR4_VECTORS) {
            peer_violated(peer, "vector of IRQ");
            break;
        }
        peer->ops->set_irq(peer->pdev, message->value,
                           message->flags == LABNET_REMOTE_FLAG_LEVEL_HIGH);
        peer->counters.interrupts += message->flags ==
                                     LABNET_REMOTE_FLAG_LEVEL_HIGH;
        break;
    case LABNET_REMOTE_DMA_READ:
    case LABNET_REMOTE_DMA_WRITE:
        peer_serve_dma(peer, message, data);
        break;
    default:
        g_assert_not_reached();
    }
    peer->receiving = false;
}

static const LabnetRemoteLinkOps peer_link_ops = {
    .opened = peer_opened,
    .closed = peer_closed,
    .may_receive = peer_may_receive,
    .received = peer_received,
    .violated = peer_violated,
};

static bool peer_forward(LabnetRemotePeer *peer, LabnetRemoteOp op,
                         hwaddr offset, uint64_t value,
                         unsigned int size)
{
    uint16_t flags = peer->lost ? LABNET_REMOTE_FLAG_LOST : 0;

    if (!peer->open || !peer->greeted || peer->tripped) {
        return false;
    }
    if (!peer_send(peer, op, size, flags, offset, value)) {
        peer_trip(peer, "the peer does not read");
        return false;
    }
    peer->lost = false;
    return true;
}

/* True with the answer in peer->answer. */
static bool peer_ask(LabnetRemotePeer *peer, hwaddr offset,
                     unsigned int size)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_REALTIME);
    int64_t deadline = now + peer->timeout_ns;
    uint64_t connection = peer->counters.connections;

    /* A message that is being carried out can't wait for another one. */
    if (peer->receiving ||
        !peer_forward(peer, LABNET_REMOTE_READ, offset, 0, size)) {
        return false;
    }
    peer->waiting = true;
    peer->waiting_seq = peer->seq;
    while (peer->waiting && now < deadline) {
        labnet_remote_link_wait(peer->link, deadline - now);
        now = qemu_clock_get_ns(QEMU_CLOCK_REALTIME);
    }
    if (peer->waiting) {
        peer->waiting = false;
        peer_trip(peer, "no answer in time");
        return false;
    }
    return peer->open && connection == peer->counters.connections;
}

uint64_t labnet_remote_peer_read(LabnetRemotePeer *peer, hwaddr offset,
                                 unsigned int size)
{
    peer->counters.reads++;
    if (!peer_ask(peer, offset, size)) {
        peer->counters.unanswered_reads++;
        return UINT64_MAX;
    }
    return peer->answer;
}

void labnet_remote_peer_write(LabnetRemotePeer *peer, hwaddr offset,
                              uint64_t value, unsigned int size)
{
    peer->counters.writes++;
    if (!peer_forward(peer, LABNET_REMOTE_WRITE, offset, value, size)) {
        peer->counters.lost_writes++;
        peer->lost = true;
    }
}

void labnet_remote_peer_reset(LabnetRemotePeer *peer)
{
    if (!peer->open) {
        return;
    }
    if (peer->tripped || !peer_send(peer, LABNET_REMOTE_RESET, 0, 0, 0, 0)) {
        peer->reset_lost = true;
        peer_trip(peer, "the peer does not read");
    }
}

void labnet_remote_peer_restored(LabnetRemotePeer *peer)
{
    peer->restored = true;
    if (peer->open) {
        peer_greet(peer);
    }
}

void labnet_remote_peer_start(LabnetRemotePeer *peer, PCIDevice *pdev,
                              const LabnetRemotePeerOps *ops, CharBackend *chr,
                              uint64_t bar_bytes, uint32_t timeout_ms)
{
    peer->pdev = pdev;
    peer->ops = ops;
    peer->bar_bytes = bar_bytes;
    peer->timeout_ns = (int64_t)timeout_ms * SCALE_MS;
    peer->ping_timer = timer_new_ms(QEMU_CLOCK_REALTIME, peer_ping, peer);
    peer->link = labnet_remote_link_new(chr, &peer_link_ops, peer);
    labnet_remote_link_start(peer->link);
}

void labnet_remote_peer_stop(LabnetRemotePeer *peer)
{
    labnet_remote_link_free(peer->link);
    timer_free(peer->ping_timer);
}
