# How many processes `sleep $1` there are, once those that are ending have had a moment.
exec 2>/dev/null # a process may be gone before it is looked at
for _ in $(seq 40); do
    left=0
    for process in /proc/[0-9]*/cmdline; do
        [ "$(tr '\0' ' ' <"$process")" = "sleep $1 " ] && left=$((left + 1))
    done
    [ "$left" = 0 ] && break
    sleep 0.05
done
echo "$left left"
