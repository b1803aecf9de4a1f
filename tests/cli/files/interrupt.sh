# Runs a command and presses Ctrl-C once its output, of both kinds, has the text.   interrupt.sh TEXT COMMAND...
text=$1 seen=$(mktemp)
shift
"$@" >"$seen" 2>&1 &
for _ in $(seq 1500); do
    grep -q -e "$text" "$seen" && break
    sleep 0.02
done
kill -INT $!
wait $!
status=$?
cat "$seen"
rm -f "$seen"
exit "$status"
