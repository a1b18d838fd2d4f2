#!/bin/sh
# The first process of a local machine, in namespaces of its own: gives it a disk, a filesystem over ours, and the id of this
# boot; says "ready", and waits. Everything of the machine ends with it, which is how its power is cut.
#   first-process.sh <directory> <hostname> <cgroup>
set -eu
dir=$1
cat /proc/sys/kernel/random/uuid >"$dir/boot_id"
mount -o loop "$dir/disk.img" "$dir/disk"
mkdir -p "$dir/disk/changes" "$dir/disk/work" "$dir/disk/docker"
mount -t overlay -o "lowerdir=/,upperdir=$dir/disk/changes,workdir=$dir/disk/work" overlay "$dir/root"
cd "$dir/root"
mount -t proc proc proc
mount --bind "$dir/boot_id" proc/sys/kernel/random/boot_id
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p run/sshd run/old etc/ssh etc/docker var/lib/docker
mount --bind "$dir/ssh" etc/ssh
# Docker's layers cannot lie on layers.
mount --bind "$dir/disk/docker" var/lib/docker
printf '{ "cgroup-parent": "/%s" }\n' "$3" >etc/docker/daemon.json
hostname "$2"
ip link set lo up
pivot_root . run/old
cd /
umount -l /run/old
echo ready
sleep infinity &
wait
