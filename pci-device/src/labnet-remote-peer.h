/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What labnet-remote knows of its peer, and how it talks to it: greetings,
 * questions and answers, and not waiting for a peer that does not answer.
 */
#ifndef LABNET_REMOTE_PEER_H
#define LABNET_REMOTE_PEER_H

#include "labnet-device.h"
#include "labnet-remote-link.h"

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

/* What the peer may ask for. */
typedef struct LabnetRemotePeerOps {
    void (*set_irq)(PCIDevice *pdev, unsigned int vector, bool high);
    bool (*dma)(PCIDevice *pdev, uint64_t address, uint8_t *buf, size_t bytes,
                bool is_write);
} LabnetRemotePeerOps;

typedef struct LabnetRemotePeer {
    PCIDevice *pdev;
    const LabnetRemotePeerOps *ops;
    uint64_t bar_bytes;
    int64_t timeout_ns;

    LabnetRemoteLink *link;
    QEMUTimer *ping_timer;
    LabnetRemoteCounters counters;
    const char *reason;     /* of the last change of state */

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
} LabnetRemotePeer;

void labnet_remote_peer_start(LabnetRemotePeer *peer, PCIDevice *pdev,
                              const LabnetRemotePeerOps *ops, CharBackend *chr,
                              uint64_t bar_bytes, uint32_t timeout_ms);
void labnet_remote_peer_stop(LabnetRemotePeer *peer);

/* no-peer, greeting, ready or tripped */
const char *labnet_remote_peer_state(LabnetRemotePeer *peer);

/* All ones if there is no answer in time. */
uint64_t labnet_remote_peer_read(LabnetRemotePeer *peer, hwaddr offset,
                                 unsigned int size);
void labnet_remote_peer_write(LabnetRemotePeer *peer, hwaddr offset,
                              uint64_t value, unsigned int size);
void labnet_remote_peer_reset(LabnetRemotePeer *peer);
/* The guest is another one than the peer knows. */
void labnet_remote_peer_restored(LabnetRemotePeer *peer);

#endif
