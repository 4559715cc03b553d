/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A GMainContext that the main loop runs, and that a vCPU's thread can run in
 * its stead while a guest waits: then it holds the big lock, and the main loop
 * gets no turn. So what happens in the context has one order, whoever runs it,
 * and there is no lock but the big one.
 */
#ifndef LABNET_CONTEXT_H
#define LABNET_CONTEXT_H

typedef struct LabnetContext LabnetContext;

LabnetContext *labnet_context_new(const char *name);
void labnet_context_free(LabnetContext *context);

/* For those who attach their sources to it. */
GMainContext *labnet_context_glib(LabnetContext *context);

/*
 * Dispatches what is ready, or waits for it until the time is up. Changes
 * under the main loop's eyes want a qemu_notify_event() by who makes them.
 */
void labnet_context_wait(LabnetContext *context, int64_t timeout_ns);

#endif
