/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Brings the devices into a QEMU that was built without them, as a plugin:
 * -plugin file=labnet-pci.so[,trace=PATTERN]
 *
 * They use QEMU's structures, so that only the QEMU whose headers they were
 * compiled with may run them. A plugin has its say before the machine is made.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/qemu-plugin.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-control.h"
#include "qapi/qapi-types-control.h"
#include "trace/control.h"
#include "labnet-device.h"

/* Made by the build: LABNET_MODEL(labnet_edu, "labnet-edu") and so on. */
#define LABNET_MODEL(device, type) void device##_register_types(void);
#include "labnet-models.inc"
#undef LABNET_MODEL

#define LABNET_MODEL(device, type) { type, device##_register_types },
static const struct {
    const char *type;
    void (*register_types)(void);
} models[] = {
#include "labnet-models.inc"
};

/* QEMU has registered its trace events long before a plugin is there. */
#undef trace_init
#define trace_init(function) \
    static void register_trace_events(void) { function(); }
#include "trace-labnet.c"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static bool is_built_for_this(void)
{
    g_autoptr(VersionInfo) info = qmp_query_version(&error_abort);
    g_autofree char *version = g_strdup_printf(
        *info->package ? "%" PRId64 ".%" PRId64 ".%" PRId64 " (%s)"
                       : "%" PRId64 ".%" PRId64 ".%" PRId64 "%s",
        info->qemu->major, info->qemu->minor, info->qemu->micro,
        info->package);

    if (strcmp(version, LABNET_QEMU_VERSION)) {
        error_report("labnet-pci.so was built for QEMU %s, this is %s. "
                     "Build it again: ./infra/lab pci build",
                     LABNET_QEMU_VERSION, version);
        return false;
    }
    if (object_type_get_instance_size(TYPE_PCI_DEVICE) != sizeof(PCIDevice)) {
        error_report("labnet-pci.so was built with %zu bytes for a PCI device,"
                     " this QEMU has %zu. Build it again: "
                     "./infra/lab pci build --force",
                     sizeof(PCIDevice),
                     object_type_get_instance_size(TYPE_PCI_DEVICE));
        return false;
    }
    return true;
}

/* QEMU ends without a word when a type comes twice. */
static bool is_new_type(const char *type)
{
    if (!object_class_by_name(type)) {
        return true;
    }
    error_report("labnet-pci.so has a device %s, and so has QEMU. "
                 "Give yours another name", type);
    return false;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info,
                                           int argc, char **argv)
{
    size_t model;
    int i;

    if (!is_built_for_this()) {
        return -1;
    }
    register_trace_events();
    for (model = 0; model < ARRAY_SIZE(models); model++) {
        if (!is_new_type(models[model].type)) {
            return -1;
        }
        models[model].register_types();
    }

    /* QEMU's own -trace was read before these events were there. */
    for (i = 0; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "trace=")) {
            trace_enable_events(argv[i] + strlen("trace="));
            qemu_set_log(qemu_loglevel | LOG_TRACE, &error_fatal);
        } else {
            error_report("labnet-pci.so takes trace=PATTERN, not %s", argv[i]);
            return -1;
        }
    }
    return 0;
}
