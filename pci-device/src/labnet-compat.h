/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between the versions of QEMU that the devices are built for,
 * 7.2 to 10.0. Nothing else here knows a version.
 */
#ifndef LABNET_COMPAT_H
#define LABNET_COMPAT_H

#include "qemu/module.h"
#include "hw/pci/pci.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qapi/error.h"

/* 8.0 took struct PCIDevice out of hw/pci/pci.h. */
#if __has_include("hw/pci/pci_device.h")
#include "hw/pci/pci_device.h"
#endif

/* 10.0 renamed a folder. */
#if __has_include("system/runstate.h")
#include "system/runstate.h"
#else
#include "sysemu/runstate.h"
#endif

#define LABNET_QEMU_AT_LEAST(major, minor)                                    \
    (QEMU_VERSION_MAJOR > (major) ||                                          \
     (QEMU_VERSION_MAJOR == (major) && QEMU_VERSION_MINOR >= (minor)))

/* 10.0 counts an array of properties instead of looking for its end. */
#if LABNET_QEMU_AT_LEAST(10, 0)
#define LABNET_PROPERTY const Property
#define LABNET_PROPERTIES_END
#else
#define LABNET_PROPERTY Property
#define LABNET_PROPERTIES_END DEFINE_PROP_END_OF_LIST()
#endif

/* 10.0 has it still, and declares it no more. */
#if LABNET_QEMU_AT_LEAST(10, 0)
size_t object_type_get_instance_size(const char *typename);
#endif

static inline void labnet_class_set_reset(DeviceClass *dc,
                                          void (*reset)(DeviceState *dev))
{
#if LABNET_QEMU_AT_LEAST(9, 2)
    device_class_set_legacy_reset(dc, reset);
#else
    dc->reset = reset;
#endif
}

/*
 * Inside of QEMU's tree a device registers its types by a constructor. A
 * plugin has to look at QEMU's version before, so that it calls the function.
 */
#ifdef LABNET_PLUGIN
#define LABNET_TYPES(device)                                                  \
    void device##_register_types(void);                                       \
    void device##_register_types(void)
#else
#define LABNET_TYPES(device)                                                  \
    static void device##_register_types(void);                                \
    type_init(device##_register_types)                                        \
    static void device##_register_types(void)
#endif

#endif
