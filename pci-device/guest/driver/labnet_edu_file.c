// SPDX-License-Identifier: GPL-2.0-or-later
/* /dev/labnet_eduN is the device's memory, BAR 2: 64 KiB that can be read and written at any place. */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "labnet_edu.h"

static int edu_open(struct inode *inode, struct file *file)
{
	/* misc_open() has put it there, and misc_deregister() waits for this. */
	struct labnet_edu *edu = container_of(file->private_data, struct labnet_edu, file);

	kref_get(&edu->users);
	file->private_data = edu;
	return 0;
}

static int edu_close(struct inode *inode, struct file *file)
{
	struct labnet_edu *edu = file->private_data;

	kref_put(&edu->users, labnet_edu_release);
	return 0;
}

static loff_t edu_seek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, LABNET_EDU_MEMORY_BYTES);
}

/* 0 with the lock, or an error without it. */
static int edu_lock(struct labnet_edu *edu)
{
	int error = mutex_lock_interruptible(&edu->lock);

	if (error)
		return error;
	if (edu->gone) {
		mutex_unlock(&edu->lock);
		return -ENODEV;
	}
	return 0;
}

static ssize_t edu_read(struct file *file, char __user *to, size_t bytes, loff_t *at)
{
	struct labnet_edu *edu = file->private_data;
	int error;

	if (*at < 0)
		return -EINVAL;
	if (*at >= LABNET_EDU_MEMORY_BYTES || !bytes)
		return 0;
	bytes = min_t(size_t, bytes, LABNET_EDU_MEMORY_BYTES - *at);
	error = edu_lock(edu);
	if (error)
		return error;
	if (edu->by_dma)
		error = labnet_edu_dma(edu, *at, bytes, false);
	else
		memcpy_fromio(edu->buffer, edu->memory + *at, bytes);
	if (!error && copy_to_user(to, edu->buffer, bytes))
		error = -EFAULT;
	mutex_unlock(&edu->lock);
	if (error)
		return error;
	*at += bytes;
	return bytes;
}

static ssize_t edu_write(struct file *file, const char __user *from, size_t bytes, loff_t *at)
{
	struct labnet_edu *edu = file->private_data;
	int error;

	if (*at < 0)
		return -EINVAL;
	if (!bytes)
		return 0;
	if (*at >= LABNET_EDU_MEMORY_BYTES)
		return -ENOSPC;
	bytes = min_t(size_t, bytes, LABNET_EDU_MEMORY_BYTES - *at);
	error = edu_lock(edu);
	if (error)
		return error;
	if (copy_from_user(edu->buffer, from, bytes))
		error = -EFAULT;
	else if (edu->by_dma)
		error = labnet_edu_dma(edu, *at, bytes, true);
	else
		memcpy_toio(edu->memory + *at, edu->buffer, bytes);
	mutex_unlock(&edu->lock);
	if (error)
		return error;
	*at += bytes;
	return bytes;
}

static const struct file_operations edu_file = {
	.owner = THIS_MODULE,
	.open = edu_open,
	.release = edu_close,
	.llseek = edu_seek,
	.read = edu_read,
	.write = edu_write,
};

int labnet_edu_file_register(struct labnet_edu *edu, int id)
{
	snprintf(edu->name, sizeof(edu->name), "labnet_edu%d", id);
	edu->file.minor = MISC_DYNAMIC_MINOR;
	edu->file.name = edu->name;
	edu->file.fops = &edu_file;
	edu->file.parent = &edu->pdev->dev;
	edu->file.mode = 0600;
	return misc_register(&edu->file);
}

void labnet_edu_file_unregister(struct labnet_edu *edu)
{
	misc_deregister(&edu->file);
}
