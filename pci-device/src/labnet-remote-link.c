/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/main-loop.h"
#include "qemu/units.h"
#include "labnet-context.h"
#include "labnet-remote-link.h"

#define MESSAGE_BYTES_MAX (LABNET_REMOTE_HEADER_BYTES + LABNET_REMOTE_DATA_MAX)

/*
 * What the peer has not read stands here, at most so much. A request for DMA
 * is taken only while its answer has room.
 */
#define OUTPUT_BYTES_MAX (64 * KiB)

struct LabnetRemoteLink {
    CharBackend *chr;
    const LabnetRemoteLinkOps *ops;
    void *opaque;

    LabnetContext *context;

    bool open;
    uint8_t input[MESSAGE_BYTES_MAX];
    size_t input_bytes;
    size_t input_wanted;
    LabnetRemoteMessage message;

    GByteArray *output;
    GSource *output_watch;
};

static bool link_has_room(LabnetRemoteLink *link, size_t bytes)
{
    return link->output->len + bytes <= OUTPUT_BYTES_MAX;
}

static void link_stop_watch(LabnetRemoteLink *link)
{
    if (link->output_watch) {
        g_source_destroy(link->output_watch);
        g_source_unref(link->output_watch);
        link->output_watch = NULL;
    }
}

static void link_flush(LabnetRemoteLink *link);

static gboolean link_writable(void *do_not_use, GIOCondition condition,
                              void *opaque)
{
    LabnetRemoteLink *link = opaque;

    link_stop_watch(link);
    link_flush(link);
    return G_SOURCE_REMOVE;
}

static void link_watch(LabnetRemoteLink *link)
{
    guint tag = qemu_chr_fe_add_watch(link->chr, G_IO_OUT | G_IO_HUP,
                                      link_writable, link);

    if (tag) {
        link->output_watch = g_source_ref(
            g_main_context_find_source_by_id(
                labnet_context_glib(link->context), tag));
    }
    /* The main loop may be polling without it. */
    qemu_notify_event();
}

static void link_drop_output(LabnetRemoteLink *link, int bytes)
{
    bool had_room = link_has_room(link, MESSAGE_BYTES_MAX);

    g_byte_array_remove_range(link->output, 0, bytes);
    if (!had_room && link_has_room(link, MESSAGE_BYTES_MAX)) {
        /* The main loop may be polling without the input. */
        qemu_notify_event();
    }
}

static void link_flush(LabnetRemoteLink *link)
{
    int written;

    while (link->open && link->output->len && !link->output_watch) {
        written = qemu_chr_fe_write(link->chr, link->output->data,
                                    link->output->len);
        /* The connection may have ended in there, and the output with it. */
        if (!link->open) {
            return;
        }
        if (written > 0) {
            link_drop_output(link, written);
        } else if (written == 0 || errno == EAGAIN) {
            link_watch(link);
        } else {
            /* The reader will see the end of the connection. */
            g_byte_array_set_size(link->output, 0);
        }
    }
}

bool labnet_remote_link_send(LabnetRemoteLink *link,
                             const LabnetRemoteMessage *message,
                             const uint8_t *data, size_t bytes)
{
    uint8_t header[LABNET_REMOTE_HEADER_BYTES];

    if (!link->open || !link_has_room(link, sizeof(header) + bytes)) {
        return false;
    }
    stb_p(header, message->op);
    stb_p(header + 1, message->size);
    stw_le_p(header + 2, message->flags);
    stl_le_p(header + 4, message->seq);
    stq_le_p(header + 8, message->address);
    stq_le_p(header + 16, message->value);
    g_byte_array_append(link->output, header, sizeof(header));
    if (bytes) {
        g_byte_array_append(link->output, data, bytes);
    }
    link_flush(link);
    return true;
}

void labnet_remote_link_wait(LabnetRemoteLink *link, int64_t timeout_ns)
{
    labnet_context_wait(link->context, timeout_ns);
}

void labnet_remote_link_close(LabnetRemoteLink *link)
{
    if (link->open) {
        qemu_chr_fe_disconnect(link->chr);
    }
}

static const char *link_decode(LabnetRemoteLink *link)
{
    LabnetRemoteMessage *m = &link->message;

    m->op = ldub_p(link->input);
    m->size = ldub_p(link->input + 1);
    m->flags = lduw_le_p(link->input + 2);
    m->seq = ldl_le_p(link->input + 4);
    m->address = ldq_le_p(link->input + 8);
    m->value = ldq_le_p(link->input + 16);

    switch (m->op) {
    case LABNET_REMOTE_DMA_READ:
    case LABNET_REMOTE_DMA_WRITE:
        if (m->value < 1 || m->value > LABNET_REMOTE_DATA_MAX) {
            return "length of DMA";
        }
        if (m->op == LABNET_REMOTE_DMA_WRITE) {
            link->input_wanted += m->value;
        }
        break;
    case LABNET_REMOTE_IRQ:
        if (m->flags != LABNET_REMOTE_FLAG_LEVEL_HIGH &&
            m->flags != LABNET_REMOTE_FLAG_LEVEL_LOW) {
            return "flags of IRQ";
        }
        return m->size ? "size" : NULL;
    case LABNET_REMOTE_PEER_HELLO:
    case LABNET_REMOTE_READ_DONE:
    case LABNET_REMOTE_PONG:
        break;
    default:
        return "unknown message";
    }
    return m->size ? "size" : m->flags ? "flags" : NULL;
}

/*
 * Never more than what completes a message: so that one message is taken at
 * a time, and may_receive() asked before each.
 */
static int link_can_read(void *opaque)
{
    LabnetRemoteLink *link = opaque;

    if (!link_has_room(link, MESSAGE_BYTES_MAX) ||
        !link->ops->may_receive(link->opaque)) {
        return 0;
    }
    return link->input_wanted - link->input_bytes;
}

static void link_read(void *opaque, const uint8_t *buf, int size)
{
    LabnetRemoteLink *link = opaque;
    const char *mistake = NULL;

    while (size > 0 && link->open) {
        size_t bytes = MIN(size, link->input_wanted - link->input_bytes);

        memcpy(link->input + link->input_bytes, buf, bytes);
        link->input_bytes += bytes;
        buf += bytes;
        size -= bytes;
        if (link->input_bytes == LABNET_REMOTE_HEADER_BYTES) {
            mistake = link_decode(link);
        }
        if (mistake) {
            link->ops->violated(link->opaque, mistake);
            return;
        }
        if (link->input_bytes == link->input_wanted) {
            link->input_bytes = 0;
            link->input_wanted = LABNET_REMOTE_HEADER_BYTES;
            link->ops->received(link->opaque, &link->message,
                                link->input + LABNET_REMOTE_HEADER_BYTES);
        }
    }
}

static void link_event(void *opaque, QEMUChrEvent event)
{
    LabnetRemoteLink *link = opaque;

    if (event != CHR_EVENT_OPENED && event != CHR_EVENT_CLOSED) {
        return;
    }
    link->open = event == CHR_EVENT_OPENED;
    link->input_bytes = 0;
    link->input_wanted = LABNET_REMOTE_HEADER_BYTES;
    g_byte_array_set_size(link->output, 0);
    link_stop_watch(link);
    /* The main loop may be polling the listener, or the old connection. */
    qemu_notify_event();
    if (link->open) {
        link->ops->opened(link->opaque);
    } else {
        link->ops->closed(link->opaque);
    }
}

LabnetRemoteLink *labnet_remote_link_new(CharBackend *chr,
                                         const LabnetRemoteLinkOps *ops,
                                         void *opaque)
{
    LabnetRemoteLink *link = g_new0(LabnetRemoteLink, 1);

    link->chr = chr;
    link->ops = ops;
    link->opaque = opaque;
    link->context = labnet_context_new("labnet-remote");
    link->output = g_byte_array_new();
    return link;
}

void labnet_remote_link_start(LabnetRemoteLink *link)
{
    qemu_chr_fe_set_handlers(link->chr, link_can_read, link_read, link_event,
                             NULL, link, labnet_context_glib(link->context),
                             true);
}

void labnet_remote_link_free(LabnetRemoteLink *link)
{
    qemu_chr_fe_set_handlers(link->chr, NULL, NULL, NULL, NULL, NULL, NULL,
                             true);
    qemu_chr_fe_disconnect(link->chr);
    /*
     * Not only when the device's memory is freed, some time later: it may be
     * plugged in again at once.
     */
    qemu_chr_fe_deinit(link->chr, false);
    link_stop_watch(link);
    labnet_context_free(link->context);
    g_byte_array_free(link->output, TRUE);
    g_free(link);
}
