// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Driver of labnet-edu, a device to learn by. What a driver of a real card has is here: interrupts by MSI-X, MSI or INTx, DMA,
 * files, and an end at any moment, also in the middle of a transfer.
 */
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "labnet_edu.h"

static char *irq = "msix";
module_param(irq, charp, 0444);
MODULE_PARM_DESC(irq, "how the device interrupts: msix, msi or intx; the next one where the device lacks it");

static DEFINE_IDA(ids);

/* With several vectors, cause N comes by vector N modulo their number: each handler looks at its own. */
static u32 causes_of_vector(struct labnet_edu *edu, int vector)
{
	u32 causes = 0;
	int cause;

	for (cause = vector; cause < LABNET_EDU_CAUSES; cause += edu->vectors)
		causes |= BIT(cause);
	return causes;
}

static irqreturn_t edu_interrupt(int number, void *data)
{
	struct labnet_edu *edu = data;
	u32 status = labnet_edu_get(edu, LABNET_EDU_IRQ_STATUS) & labnet_edu_get(edu, LABNET_EDU_IRQ_ENABLE);
	int vector, cause;

	/* A device that was pulled out reads all ones. */
	if (status == ~0u)
		return IRQ_NONE;
	for (vector = 0; vector < edu->vectors; vector++)
		if (pci_irq_vector(edu->pdev, vector) == number)
			status &= causes_of_vector(edu, vector);
	if (!status)
		return IRQ_NONE;

	/* First acknowledged, then acted on: what happens from now on interrupts again. */
	labnet_edu_set(edu, LABNET_EDU_IRQ_STATUS, status);
	for (cause = 0; cause < LABNET_EDU_CAUSES; cause++)
		if (status & BIT(cause))
			atomic_inc(&edu->causes[cause]);
	labnet_edu_dma_interrupt(edu, status);
	return IRQ_HANDLED;
}

static int edu_request_vectors(struct labnet_edu *edu)
{
	struct pci_dev *pdev = edu->pdev;
	unsigned int kinds = PCI_IRQ_LEGACY;
	int vector, error;

	if (sysfs_streq(irq, "msix"))
		kinds |= PCI_IRQ_MSIX | PCI_IRQ_MSI;
	else if (sysfs_streq(irq, "msi"))
		kinds |= PCI_IRQ_MSI;
	else if (!sysfs_streq(irq, "intx"))
		return dev_err_probe(&pdev->dev, -EINVAL, "irq=%s is not msix, msi or intx\n", irq);
	edu->vectors = pci_alloc_irq_vectors(pdev, 1, LABNET_EDU_VECTORS_MAX, kinds);
	if (edu->vectors < 0)
		return edu->vectors;

	for (vector = 0; vector < edu->vectors; vector++) {
		error = request_irq(pci_irq_vector(pdev, vector), edu_interrupt, IRQF_SHARED, "labnet_edu", edu);
		if (error) {
			while (vector--)
				free_irq(pci_irq_vector(pdev, vector), edu);
			pci_free_irq_vectors(pdev);
			return error;
		}
	}
	return 0;
}

static void edu_free_vectors(struct labnet_edu *edu)
{
	int vector;

	for (vector = 0; vector < edu->vectors; vector++)
		free_irq(pci_irq_vector(edu->pdev, vector), edu);
	pci_free_irq_vectors(edu->pdev);
}

static int edu_map(struct labnet_edu *edu)
{
	struct pci_dev *pdev = edu->pdev;
	int error = pcim_iomap_regions(pdev, BIT(LABNET_EDU_BAR0) | BIT(LABNET_EDU_BAR2), "labnet_edu");
	u32 id;

	if (error)
		return error;
	edu->registers = pcim_iomap_table(pdev)[LABNET_EDU_BAR0];
	edu->memory = pcim_iomap_table(pdev)[LABNET_EDU_BAR2];
	id = labnet_edu_get(edu, LABNET_EDU_ID);
	if (id != LABNET_EDU_RESET_ID) {
		dev_err(&pdev->dev, "the ID register has 0x%08x, not 0x%08x\n", id, LABNET_EDU_RESET_ID);
		return -ENODEV;
	}
	return 0;
}

/* Nothing that an earlier driver began may go on: not its transfers, and not its interrupts. */
static void edu_reset(struct labnet_edu *edu)
{
	labnet_edu_set(edu, LABNET_EDU_CONTROL, LABNET_EDU_CONTROL_RESET);
	/* A write is posted: it has arrived when something was read. */
	labnet_edu_get(edu, LABNET_EDU_STATUS);
}

void labnet_edu_release(struct kref *users)
{
	kfree(container_of(users, struct labnet_edu, users));
}

static int edu_set_up(struct labnet_edu *edu)
{
	struct pci_dev *pdev = edu->pdev;
	int error = pcim_enable_device(pdev);

	if (error)
		return error;
	error = edu_map(edu);
	if (error)
		return error;
	edu_reset(edu);
	error = labnet_edu_dma_init(edu);
	if (error)
		return error;
	pci_set_master(pdev);
	return edu_request_vectors(edu);
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *entry)
{
	struct labnet_edu *edu = kzalloc(sizeof(*edu), GFP_KERNEL);
	int error, id;

	if (!edu)
		return -ENOMEM;
	kref_init(&edu->users);
	mutex_init(&edu->lock);
	edu->pdev = pdev;
	edu->by_dma = true;
	pci_set_drvdata(pdev, edu);

	error = edu_set_up(edu);
	if (error)
		goto drop;
	id = ida_alloc(&ids, GFP_KERNEL);
	if (id < 0) {
		error = id;
		goto free_vectors;
	}
	error = labnet_edu_file_register(edu, id);
	if (error)
		goto free_id;
	edu->id = id;
	labnet_edu_set(edu, LABNET_EDU_IRQ_ENABLE, LABNET_EDU_MASK_IRQ_ENABLE);
	dev_info(&pdev->dev, "%s, version %u.%u, %s with %d vectors\n", edu->name, labnet_edu_get(edu, LABNET_EDU_VERSION) >> 16,
		 labnet_edu_get(edu, LABNET_EDU_VERSION) & 0xffff, pdev->msix_enabled ? "MSI-X" : pdev->msi_enabled ? "MSI" : "INTx", edu->vectors);
	return 0;

free_id:
	ida_free(&ids, id);
free_vectors:
	edu_free_vectors(edu);
drop:
	pci_clear_master(pdev);
	kref_put(&edu->users, labnet_edu_release);
	return error;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct labnet_edu *edu = pci_get_drvdata(pdev);

	labnet_edu_file_unregister(edu);
	/* Files may still be open. Who waits for a transfer is woken, and leaves; who comes later is turned away. */
	labnet_edu_dma_abandon(edu);
	mutex_lock(&edu->lock);
	edu_reset(edu);
	pci_clear_master(pdev);
	mutex_unlock(&edu->lock);
	edu_free_vectors(edu);
	ida_free(&ids, edu->id);
	kref_put(&edu->users, labnet_edu_release);
}

static const struct pci_device_id edu_devices[] = {
	{ PCI_DEVICE(LABNET_EDU_VENDOR_ID, LABNET_EDU_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_devices);

static struct pci_driver edu_driver = {
	.name = "labnet_edu",
	.id_table = edu_devices,
	.probe = edu_probe,
	.remove = edu_remove,
	.dev_groups = labnet_edu_groups,
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("Driver of LabNet's device to learn by");
MODULE_LICENSE("GPL");
