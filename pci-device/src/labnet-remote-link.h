/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection of labnet-remote to its peer: messages in order, bounded in
 * memory, and a way to wait for one without the main loop. The messages are
 * described in docs/pci-remote.md. All of it runs under the big lock.
 */
#ifndef LABNET_REMOTE_LINK_H
#define LABNET_REMOTE_LINK_H

#include "chardev/char-fe.h"

#define LABNET_REMOTE_VERSION       1
#define LABNET_REMOTE_HEADER_BYTES  24
#define LABNET_REMOTE_DATA_MAX      4096

typedef enum LabnetRemoteOp {
    LABNET_REMOTE_HELLO = 0x01,
    LABNET_REMOTE_READ = 0x02,
    LABNET_REMOTE_WRITE = 0x03,
    LABNET_REMOTE_RESET = 0x04,
    LABNET_REMOTE_DMA_DATA = 0x05,
    LABNET_REMOTE_PING = 0x06,

    LABNET_REMOTE_PEER_HELLO = 0x81,
    LABNET_REMOTE_READ_DONE = 0x82,
    LABNET_REMOTE_IRQ = 0x84,
    LABNET_REMOTE_DMA_READ = 0x85,
    LABNET_REMOTE_DMA_WRITE = 0x86,
    LABNET_REMOTE_PONG = 0x87,
} LabnetRemoteOp;

#define LABNET_REMOTE_FLAG_RESTORED   0x0001 /* HELLO */
#define LABNET_REMOTE_FLAG_LOST       0x0002 /* READ, WRITE */
#define LABNET_REMOTE_FLAG_ERROR      0x0001 /* DMA_DATA */
#define LABNET_REMOTE_FLAG_LEVEL_HIGH 0x0001 /* IRQ */
#define LABNET_REMOTE_FLAG_LEVEL_LOW  0x0002 /* IRQ */

typedef struct LabnetRemoteMessage {
    uint8_t op;
    uint8_t size;
    uint16_t flags;
    uint32_t seq;
    uint64_t address;
    uint64_t value;
} LabnetRemoteMessage;

typedef struct LabnetRemoteLink LabnetRemoteLink;

/* What the device does when something happens on the link. */
typedef struct LabnetRemoteLinkOps {
    void (*opened)(void *opaque);
    /* Must not send: the character device is in the middle of its work. */
    void (*closed)(void *opaque);
    /* Whether messages may be taken now; else the peer has to wait. */
    bool (*may_receive)(void *opaque);
    /* @data: of a DMA_WRITE, as many bytes as @message->value says. */
    void (*received)(void *opaque, const LabnetRemoteMessage *message,
                     const uint8_t *data);
    /* A message's form is wrong. What follows it can't be understood. */
    void (*violated)(void *opaque, const char *what);
} LabnetRemoteLinkOps;

/* The link uses @chr until it is freed, and gives it up then. */
LabnetRemoteLink *labnet_remote_link_new(CharBackend *chr,
                                         const LabnetRemoteLinkOps *ops,
                                         void *opaque);

/* From now on @ops are called; opened() at once, if there is a peer. */
void labnet_remote_link_start(LabnetRemoteLink *link);

void labnet_remote_link_free(LabnetRemoteLink *link);

/* Never blocks. False if there is no peer or no room: nothing of it is sent. */
bool labnet_remote_link_send(LabnetRemoteLink *link,
                             const LabnetRemoteMessage *message,
                             const uint8_t *data, size_t bytes);

/* Takes what comes, a message at most, or waits for it until the time is up. */
void labnet_remote_link_wait(LabnetRemoteLink *link, int64_t timeout_ns);

/* Ends the connection; closed() is called before this returns. */
void labnet_remote_link_close(LabnetRemoteLink *link);

#endif
