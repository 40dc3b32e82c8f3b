#!/usr/bin/env bash
# Installs what the tests need beside Python where that is possible without asking: Debian or Ubuntu, as root or with
# a sudo that wants no password. Elsewhere it says what is missing; the tests that need it are then skipped.
# Arguments name programs, which are all that is wanted then.
set -uo pipefail

declare -A package_of=(
  [chromium]=chromium
  [ffmpeg]=ffmpeg
  [java]=default-jre-headless
  [mosquitto]=mosquitto
  [mvn]=maven
  [nginx]=nginx
  [node]=nodejs
  [npm]=npm
  [systemd-analyze]=systemd
)
rtmp=/usr/lib/nginx/modules/ngx_rtmp_module.so
gstreamer=(python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-libav gstreamer1.0-plugins-{base,good,bad,ugly})

programs=("$@")
[ $# -gt 0 ] || programs=("${!package_of[@]}")
missing=()
PATH+=:/usr/sbin # where Debian puts mosquitto and nginx, and not every user looks
for program in "${programs[@]}"; do
  command -v "$program" >/dev/null || missing+=("${package_of[$program]}")
done
if [ $# -eq 0 ] && ! /usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' 2>/dev/null; then
  missing+=("${gstreamer[@]}")
fi
[ $# -eq 0 ] && [ ! -e "$rtmp" ] && missing+=(libnginx-mod-rtmp)
[ ${#missing[@]} -eq 0 ] && exit 0

if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
  root=$([ "$(id -u)" -eq 0 ] || echo sudo -n)
  echo "Installing what the tests need: ${missing[*]}"
  $root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && exit 0
fi
echo "Some tests will be skipped; they need what Debian calls: ${missing[*]}"
