/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts of labnet-edu: causes, and how they reach the guest. */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "labnet-edu.h"
#include "trace.h"

/* Sends what belongs to a cause; returns how, for the trace. */
static const char *deliver(LabnetEduState *s, unsigned int cause,
                           unsigned int *vector)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    *vector = 0;
    if (!(s->irq_enable & (1u << cause))) {
        return "disabled";
    }
    if (s->inject & LABNET_EDU_INJECT_DROP_IRQ) {
        return "dropped";
    }
    if (msix_enabled(pdev)) {
        *vector = cause % s->vectors;
        msix_notify(pdev, *vector);
        return "msi-x";
    }
    if (msi_enabled(pdev)) {
        *vector = cause % msi_nr_vectors_allocated(pdev);
        msi_notify(pdev, *vector);
        return "msi";
    }
    return "intx";
}

void labnet_edu_update_intx(LabnetEduState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    pci_set_irq(pdev, (s->irq_status & s->irq_enable) &&
                      !(s->inject & LABNET_EDU_INJECT_DROP_IRQ) &&
                      !msix_enabled(pdev) && !msi_enabled(pdev));
}

void labnet_edu_raise(LabnetEduState *s, uint32_t causes)
{
    uint32_t fresh = causes & LABNET_EDU_MASK_IRQ_STATUS & ~s->irq_status;

    s->irq_status |= fresh;
    while (fresh) {
        unsigned int cause = ctz32(fresh);
        unsigned int vector;
        const char *how = deliver(s, cause, &vector);

        trace_labnet_irq_raise(labnet_device_name(PCI_DEVICE(s)), cause, how,
                               vector);
        fresh &= fresh - 1;
    }
    labnet_edu_update_intx(s);
}

void labnet_edu_acknowledge(LabnetEduState *s, uint32_t causes)
{
    uint32_t gone = causes & s->irq_status;

    s->irq_status &= ~gone;
    while (gone) {
        trace_labnet_irq_ack(labnet_device_name(PCI_DEVICE(s)), ctz32(gone));
        gone &= gone - 1;
    }
    labnet_edu_update_intx(s);
}

void labnet_edu_enable(LabnetEduState *s, uint32_t causes)
{
    uint32_t fresh = causes & ~s->irq_enable & s->irq_status;

    s->irq_enable = causes;
    while (fresh) {
        unsigned int vector;

        deliver(s, ctz32(fresh), &vector);
        fresh &= fresh - 1;
    }
    labnet_edu_update_intx(s);
}
