/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The character device's handlers stand in a GMainContext of the link's own.
 * While the guest waits for an answer, its vCPU thread runs that context and
 * holds the big lock. The rest of the time the main loop runs it, through a
 * source that polls what the context polls. So a message has one reader, in
 * order, whoever it is, and there is no lock but the big one.
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "labnet-remote-link.h"

#define MESSAGE_BYTES_MAX (LABNET_REMOTE_HEADER_BYTES + LABNET_REMOTE_DATA_MAX)

/*
 * What the peer has not read stands here, at most so much. A request for DMA
 * is taken only while its answer has room.
 */
#define OUTPUT_BYTES_MAX (64 * KiB)

/*
 * While the guest reads register after register, the answers must not wake the
 * main loop too: it would take the big lock away from the vCPU each time. So
 * long after a read it does not poll; what comes unasked waits as long, or
 * until the next read.
 */
#ifndef QUIET_NS
#define QUIET_NS SCALE_MS
#endif

typedef struct LinkSource {
    GSource parent;
    LabnetRemoteLink *link;
} LinkSource;

struct LabnetRemoteLink {
    CharBackend *chr;
    const LabnetRemoteLinkOps *ops;
    void *opaque;

    GMainContext *context;
    GSource *source;        /* in the main loop's context */
    GArray *wanted;         /* GPollFD: what @context polls */
    GArray *polled;         /* GPollFD: what @source polls, @wanted or less */
    int64_t quiet_until_ns;

    bool open;
    uint8_t input[MESSAGE_BYTES_MAX];
    size_t input_bytes;
    size_t input_wanted;
    LabnetRemoteMessage message;

    GByteArray *output;
    GSource *output_watch;
};

static GPollFD *poll_fds(GArray *array)
{
    return &g_array_index(array, GPollFD, 0);
}

/* Both want the context acquired. */
static int link_query(LabnetRemoteLink *link, int *timeout_ms)
{
    guint count;
    int priority;

    g_main_context_prepare(link->context, &priority);
    for (;;) {
        count = g_main_context_query(link->context, priority, timeout_ms,
                                     poll_fds(link->wanted),
                                     link->wanted->len);
        if (count == link->wanted->len) {
            return priority;
        }
        g_array_set_size(link->wanted, count);
    }
}

static void link_run(LabnetRemoteLink *link, int64_t timeout_ns)
{
    int priority, timeout_ms;

    if (!g_main_context_acquire(link->context)) {
        return;
    }
    priority = link_query(link, &timeout_ms);
    if (timeout_ms >= 0) {
        timeout_ns = MIN(timeout_ns, (int64_t)timeout_ms * SCALE_MS);
    }
    qemu_poll_ns(poll_fds(link->wanted), link->wanted->len, timeout_ns);
    if (g_main_context_check(link->context, priority, poll_fds(link->wanted),
                             link->wanted->len)) {
        g_main_context_dispatch(link->context);
    }
    g_main_context_release(link->context);
}

static bool is_polled(LabnetRemoteLink *link)
{
    guint i;

    if (link->polled->len != link->wanted->len) {
        return false;
    }
    for (i = 0; i < link->polled->len; i++) {
        if (poll_fds(link->polled)[i].fd != poll_fds(link->wanted)[i].fd ||
            poll_fds(link->polled)[i].events !=
            poll_fds(link->wanted)[i].events) {
            return false;
        }
    }
    return true;
}

/* The main loop's context keeps pointers to what is in the array. */
static void link_poll(LabnetRemoteLink *link)
{
    guint i;

    for (i = 0; i < link->polled->len; i++) {
        g_source_remove_poll(link->source, &poll_fds(link->polled)[i]);
    }
    g_array_set_size(link->polled, 0);
    g_array_append_vals(link->polled, link->wanted->data, link->wanted->len);
    for (i = 0; i < link->polled->len; i++) {
        poll_fds(link->polled)[i].revents = 0;
        g_source_add_poll(link->source, &poll_fds(link->polled)[i]);
    }
}

static gboolean link_source_prepare(GSource *source, gint *timeout_ms)
{
    LabnetRemoteLink *link = ((LinkSource *)source)->link;
    int64_t quiet_ns = link->quiet_until_ns -
                       qemu_clock_get_ns(QEMU_CLOCK_REALTIME);

    *timeout_ms = -1;
    if (quiet_ns > 0) {
        g_array_set_size(link->wanted, 0);
        *timeout_ms = DIV_ROUND_UP(quiet_ns, SCALE_MS);
    } else if (g_main_context_acquire(link->context)) {
        link_query(link, timeout_ms);
        g_main_context_release(link->context);
    }
    if (!is_polled(link)) {
        link_poll(link);
    }
    return *timeout_ms == 0;
}

static gboolean link_source_check(GSource *source)
{
    LabnetRemoteLink *link = ((LinkSource *)source)->link;
    guint i;

    for (i = 0; i < link->polled->len; i++) {
        if (poll_fds(link->polled)[i].revents) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean link_source_dispatch(GSource *source, GSourceFunc callback,
                                     gpointer data)
{
    /* A vCPU may have taken what was there: it is looked at again. */
    link_run(((LinkSource *)source)->link, 0);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs link_source_funcs = {
    .prepare = link_source_prepare,
    .check = link_source_check,
    .dispatch = link_source_dispatch,
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
            g_main_context_find_source_by_id(link->context, tag));
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
    link_run(link, timeout_ns);
    link->quiet_until_ns = qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + QUIET_NS;
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
    link->context = g_main_context_new();
    link->wanted = g_array_new(FALSE, TRUE, sizeof(GPollFD));
    link->polled = g_array_new(FALSE, TRUE, sizeof(GPollFD));
    link->output = g_byte_array_new();
    link->source = g_source_new(&link_source_funcs, sizeof(LinkSource));
    ((LinkSource *)link->source)->link = link;
    g_source_set_name(link->source, "labnet-remote");
    return link;
}

void labnet_remote_link_start(LabnetRemoteLink *link)
{
    g_source_attach(link->source, NULL);
    qemu_chr_fe_set_handlers(link->chr, link_can_read, link_read, link_event,
                             NULL, link, link->context, true);
}

void labnet_remote_link_free(LabnetRemoteLink *link)
{
    qemu_chr_fe_set_handlers(link->chr, NULL, NULL, NULL, NULL, NULL, NULL,
                             true);
    qemu_chr_fe_disconnect(link->chr);
    link_stop_watch(link);
    g_source_destroy(link->source);
    g_source_unref(link->source);
    g_main_context_unref(link->context);
    g_array_free(link->wanted, TRUE);
    g_array_free(link->polled, TRUE);
    g_byte_array_free(link->output, TRUE);
    g_free(link);
}
