#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what is missing to build and run spikewatch (`build`), and to test and demonstrate it
# (`test`): with apt on Debian and Ubuntu, with dnf on Amazon Linux 2023 and Fedora. On Debian alone also for the
# container image: to build its program, for another architecture too (`image [arm64]`), and to pack it (`oci`).
set -eu
what=${1:-build} arch=${2:-}

if command -v apt-get >/dev/null; then
  build="gcc make pkg-config clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev libmnl-dev libyaml-dev libjansson-dev libpcap-dev libsqlite3-dev libseccomp-dev libmicrohttpd-dev libcurl4-openssl-dev libc-ares-dev libmaxminddb-dev"
  tests="libcmocka-dev nginx-light nftables iproute2 iputils-ping ethtool tcpdump python3 jq curl procps util-linux systemd
    clang-format clang-tidy cppcheck mandoc git openssl
    apache2-bin apache2-utils lighttpd haproxy squid wrk nghttp2-client iptables nmap hping3 dpkg-dev lintian mmdebstrap prometheus python3-yaml"
  command -v npm >/dev/null || tests="$tests npm" # whoever it came from
  # Its libraries are those of the architecture; so is what libs.sh links of them.
  image="$build libssl-dev dpkg-dev flex bison ca-certificates tzdata"
  if [ -n "$arch" ] && [ "$arch" != "$(dpkg --print-architecture)" ]; then
    image="$(echo "$image" | sed "s/\(lib[^ ]*-dev\|zlib1g-dev\)/\1:$arch/g") gcc-$(echo "$arch" | sed 's/arm64/aarch64/; s/amd64/x86-64/')-linux-gnu"
  fi
  oci="umoci skopeo mmdebstrap git jq"
  # The sanitizers' runtime of the distribution's clang, for the fuzzers.
  clang_major() { apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\).*/\1/p' | head -n 1; }
  major=$(clang_major)
  if [ -z "$major" ] && [ "$(id -u)" -eq 0 ]; then # a fresh machine has no package lists yet
    apt-get update -qq
    major=$(clang_major)
  fi
  tests="$tests libclang-rt-${major:-14}-dev"
  has() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
  install() {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  }
elif command -v dnf >/dev/null; then
  build="gcc make pkgconf-pkg-config clang llvm bpftool libbpf-devel elfutils-libelf-devel zlib-devel libmnl-devel libyaml-devel jansson-devel libpcap-devel sqlite-devel libseccomp-devel libmicrohttpd-devel libcurl-devel c-ares-devel libmaxminddb-devel"
  tests="libcmocka-devel nginx nftables iproute iproute-tc iputils ethtool tcpdump python3 jq curl procps-ng util-linux systemd
    clang-tools-extra cppcheck compiler-rt mandoc git iptables-nft python3-pyyaml"
  command -v npm >/dev/null || tests="$tests nodejs-npm"
  has() { rpm -q --quiet "$1"; }
  install() { dnf install -y -q "$@"; }
else
  echo "deps: neither apt-get nor dnf is here; README.md names what is needed" >&2
  exit 77
fi

case $what in
  build) wanted=$build ;;
  test) wanted="$build $tests" ;;
  image) wanted=${image:?is for Debian} ;;
  oci) wanted=${oci:?is for Debian} ;;
  *) echo "usage: tools/deps.sh [build|test|image [ARCH]|oci]" >&2; exit 2 ;;
esac

missing=
for package in $wanted; do
  has "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "deps: missing:$missing" >&2
  echo "deps: run as root, or install them yourself" >&2
  exit 77
fi
echo "deps: installing$missing"

# Servers that are installed for the tests must not start to serve on this host.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ] && [ -d /usr/sbin ] && command -v apt-get >/dev/null; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
# shellcheck disable=SC2086
install $missing
if [ -d /run/systemd/system ]; then
  for server in nginx lighttpd haproxy squid prometheus; do
    case $missing in *$server*) systemctl --quiet disable --now $server || true ;; esac
  done
fi
