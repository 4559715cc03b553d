// SPDX-License-Identifier: GPL-2.0-or-later
/* The registers as files, and what the driver knows: /sys/bus/pci/devices/…/registers/ and beside it. */
#include <linux/sysfs.h>
#include "labnet_edu.h"

static ssize_t show_register(struct device *dev, struct device_attribute *attr, char *text)
{
	struct labnet_edu *edu = dev_get_drvdata(dev);
	unsigned long offset = (unsigned long)container_of(attr, struct dev_ext_attribute, attr)->var;

	return sysfs_emit(text, "0x%08x\n", labnet_edu_get(edu, offset));
}

static ssize_t store_register(struct device *dev, struct device_attribute *attr, const char *text, size_t bytes)
{
	struct labnet_edu *edu = dev_get_drvdata(dev);
	unsigned long offset = (unsigned long)container_of(attr, struct dev_ext_attribute, attr)->var;
	u32 value;
	int error = kstrtou32(text, 0, &value);

	if (error)
		return error;
	labnet_edu_set(edu, offset, value);
	return bytes;
}

#define REGISTER(name, NAME, mode, show, store)						\
	static struct dev_ext_attribute register_##name = {				\
		__ATTR(name, mode, show, store), (void *)LABNET_EDU_##NAME		\
	}
#define READABLE(name, NAME) REGISTER(name, NAME, 0444, show_register, NULL)
#define WRITABLE(name, NAME) REGISTER(name, NAME, 0644, show_register, store_register)
#define COMMAND(name, NAME) REGISTER(name, NAME, 0200, NULL, store_register)

READABLE(id, ID);
READABLE(version, VERSION);
WRITABLE(scratch, SCRATCH);
READABLE(status, STATUS);
READABLE(irq_status, IRQ_STATUS);
WRITABLE(irq_enable, IRQ_ENABLE);
COMMAND(irq_raise, IRQ_RAISE);
WRITABLE(timer_period, TIMER_PERIOD);
WRITABLE(timer_control, TIMER_CONTROL);
READABLE(timer_count, TIMER_COUNT);
/* Transfers are the driver's: only it knows which memory the device may touch. */
READABLE(dma_count, DMA_COUNT);
READABLE(dma_state, DMA_STATE);
READABLE(dma_error, DMA_ERROR);
READABLE(dma_entry, DMA_ENTRY);
READABLE(dma_bytes, DMA_BYTES);
WRITABLE(dma_pace, DMA_PACE);
COMMAND(doorbell, DOORBELL);
READABLE(doorbell_last, DOORBELL_LAST);
READABLE(doorbell_count, DOORBELL_COUNT);
WRITABLE(inject, INJECT);
WRITABLE(inject_after, INJECT_AFTER);

static struct attribute *register_attributes[] = {
	&register_id.attr.attr,
	&register_version.attr.attr,
	&register_scratch.attr.attr,
	&register_status.attr.attr,
	&register_irq_status.attr.attr,
	&register_irq_enable.attr.attr,
	&register_irq_raise.attr.attr,
	&register_timer_period.attr.attr,
	&register_timer_control.attr.attr,
	&register_timer_count.attr.attr,
	&register_dma_count.attr.attr,
	&register_dma_state.attr.attr,
	&register_dma_error.attr.attr,
	&register_dma_entry.attr.attr,
	&register_dma_bytes.attr.attr,
	&register_dma_pace.attr.attr,
	&register_doorbell.attr.attr,
	&register_doorbell_last.attr.attr,
	&register_doorbell_count.attr.attr,
	&register_inject.attr.attr,
	&register_inject_after.attr.attr,
	NULL
};

static ssize_t interrupts_show(struct device *dev, struct device_attribute *attr, char *text)
{
	static const char *const causes[LABNET_EDU_CAUSES] = {
		"TIMER", "DMA_DONE", "DMA_ERROR", "DOORBELL", "BAD_ACCESS", "TEST",
	};
	struct labnet_edu *edu = dev_get_drvdata(dev);
	const char *kind = edu->pdev->msix_enabled ? "msix" : edu->pdev->msi_enabled ? "msi" : "intx";
	int at = sysfs_emit(text, "%s, %d vectors\n", kind, edu->vectors);
	int i;

	for (i = 0; i < LABNET_EDU_CAUSES; i++)
		at += sysfs_emit_at(text, at, "%s %d\n", causes[i], atomic_read(&edu->causes[i]));
	return at;
}
static DEVICE_ATTR_RO(interrupts);

static ssize_t transfer_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct labnet_edu *edu = dev_get_drvdata(dev);

	return sysfs_emit(text, "%s\n", edu->by_dma ? "dma" : "pio");
}

static ssize_t transfer_store(struct device *dev, struct device_attribute *attr, const char *text, size_t bytes)
{
	struct labnet_edu *edu = dev_get_drvdata(dev);

	if (!sysfs_streq(text, "dma") && !sysfs_streq(text, "pio"))
		return -EINVAL;
	mutex_lock(&edu->lock);
	edu->by_dma = sysfs_streq(text, "dma");
	mutex_unlock(&edu->lock);
	return bytes;
}
static DEVICE_ATTR_RW(transfer);

static struct attribute *driver_attributes[] = {
	&dev_attr_interrupts.attr,
	&dev_attr_transfer.attr,
	NULL
};

static const struct attribute_group register_group = { .name = "registers", .attrs = register_attributes };
static const struct attribute_group driver_group = { .attrs = driver_attributes };

const struct attribute_group *labnet_edu_groups[] = { &register_group, &driver_group, NULL };
