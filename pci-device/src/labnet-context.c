/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main loop has one source for all of the context: it polls the same. */
#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "labnet-context.h"

/*
 * While the guest reads register after register, the answers must not wake the
 * main loop too: it would take the big lock away from the vCPU each time. So
 * long after a read it does not poll; what comes unasked waits as long, or
 * until the next read.
 */
#define QUIET_NS SCALE_MS

struct LabnetContext {
    GMainContext *glib;
    GSource *source;        /* in the main loop's context */
    GArray *wanted;         /* GPollFD: what @glib polls */
    GArray *polled;         /* GPollFD: what @source polls, or nothing */
    int64_t quiet_until_ns;
};

typedef struct ContextSource {
    GSource parent;
    LabnetContext *context;
} ContextSource;

static GPollFD *poll_fds(GArray *array)
{
    return &g_array_index(array, GPollFD, 0);
}

/* Both want the context acquired. */
static int context_query(LabnetContext *context, int *timeout_ms)
{
    guint count;
    int priority;

    g_main_context_prepare(context->glib, &priority);
    for (;;) {
        count = g_main_context_query(context->glib, priority, timeout_ms,
                                     poll_fds(context->wanted),
                                     context->wanted->len);
        if (count == context->wanted->len) {
            return priority;
        }
        g_array_set_size(context->wanted, count);
    }
}

static void context_run(LabnetContext *context, int64_t timeout_ns)
{
    int priority, timeout_ms;

    if (!g_main_context_acquire(context->glib)) {
        return;
    }
    priority = context_query(context, &timeout_ms);
    if (timeout_ms >= 0) {
        timeout_ns = MIN(timeout_ns, (int64_t)timeout_ms * SCALE_MS);
    }
    qemu_poll_ns(poll_fds(context->wanted), context->wanted->len, timeout_ns);
    if (g_main_context_check(context->glib, priority, poll_fds(context->wanted),
                             context->wanted->len)) {
        g_main_context_dispatch(context->glib);
    }
    g_main_context_release(context->glib);
}

static bool is_polled(LabnetContext *context)
{
    guint i;

    if (context->polled->len != context->wanted->len) {
        return false;
    }
    for (i = 0; i < context->polled->len; i++) {
        GPollFD *polled = &poll_fds(context->polled)[i];
        GPollFD *wanted = &poll_fds(context->wanted)[i];

        if (polled->fd != wanted->fd || polled->events != wanted->events) {
            return false;
        }
    }
    return true;
}

/* The main loop's context keeps pointers to what is in the array. */
static void context_poll(LabnetContext *context)
{
    guint i;

    for (i = 0; i < context->polled->len; i++) {
        g_source_remove_poll(context->source, &poll_fds(context->polled)[i]);
    }
    g_array_set_size(context->polled, 0);
    g_array_append_vals(context->polled, context->wanted->data,
                        context->wanted->len);
    for (i = 0; i < context->polled->len; i++) {
        poll_fds(context->polled)[i].revents = 0;
        g_source_add_poll(context->source, &poll_fds(context->polled)[i]);
    }
}

static gboolean context_source_prepare(GSource *source, gint *timeout_ms)
{
    LabnetContext *context = ((ContextSource *)source)->context;
    int64_t quiet_ns = context->quiet_until_ns -
                       qemu_clock_get_ns(QEMU_CLOCK_REALTIME);

    *timeout_ms = -1;
    if (quiet_ns > 0) {
        g_array_set_size(context->wanted, 0);
        *timeout_ms = DIV_ROUND_UP(quiet_ns, SCALE_MS);
    } else if (g_main_context_acquire(context->glib)) {
        context_query(context, timeout_ms);
        g_main_context_release(context->glib);
    }
    if (!is_polled(context)) {
        context_poll(context);
    }
    return *timeout_ms == 0;
}

static gboolean context_source_check(GSource *source)
{
    LabnetContext *context = ((ContextSource *)source)->context;
    guint i;

    for (i = 0; i < context->polled->len; i++) {
        if (poll_fds(context->polled)[i].revents) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean context_source_dispatch(GSource *source, GSourceFunc callback,
                                        gpointer data)
{
    /* A vCPU may have taken what was there: it is looked at again. */
    context_run(((ContextSource *)source)->context, 0);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs context_source_funcs = {
    .prepare = context_source_prepare,
    .check = context_source_check,
    .dispatch = context_source_dispatch,
};

GMainContext *labnet_context_glib(LabnetContext *context)
{
    return context->glib;
}

void labnet_context_wait(LabnetContext *context, int64_t timeout_ns)
{
    context_run(context, timeout_ns);
    context->quiet_until_ns = qemu_clock_get_ns(QEMU_CLOCK_REALTIME) +
                              QUIET_NS;
}

LabnetContext *labnet_context_new(const char *name)
{
    LabnetContext *context = g_new0(LabnetContext, 1);

    context->glib = g_main_context_new();
    context->wanted = g_array_new(FALSE, TRUE, sizeof(GPollFD));
    context->polled = g_array_new(FALSE, TRUE, sizeof(GPollFD));
    context->source = g_source_new(&context_source_funcs,
                                   sizeof(ContextSource));
    ((ContextSource *)context->source)->context = context;
    g_source_set_name(context->source, name);
    g_source_attach(context->source, NULL);
    return context;
}

void labnet_context_free(LabnetContext *context)
{
    g_source_destroy(context->source);
    g_source_unref(context->source);
    g_main_context_unref(context->glib);
    g_array_free(context->wanted, TRUE);
    g_array_free(context->polled, TRUE);
    g_free(context);
}
