#!/usr/bin/env bash
# Builds the documentation of every module that has a catalogue; a warning is an error.
#
#   Jobs/docs.sh [FOLDER]      default: .build/documentation, one folder a module
#
# Needs no package beside the toolchain. Look at a module with
#   python3 -m http.server --directory .build/documentation/RunLog
# at http://localhost:8000/documentation/runlog
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_swift
install_missing "${build_packages[@]}"
cd "$root"
output=$(realpath -m "${1:-.build/documentation}")
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT

say "== symbol graphs"
swift build "${strict_build[@]}" > /dev/null
modules=$(swift build "${strict_build[@]}" --show-bin-path)
sdk_flags=()
while read -r flag; do sdk_flags+=("$flag"); done < <(
  for folder in CMPIShim Sources/C*/; do printf '%s\n' "-I$root/${folder%/}"; done
  pkg-config --cflags-only-I ompi | tr ' ' '\n' | sed '/^$/d'
)
target=$(swift -print-target-info | sed -n 's/.*"unversionedTriple" *: *"\(.*\)".*/\1/p')
failed=()
for catalogue in Sources/*/*.docc; do
  module=$(basename "$catalogue" .docc)
  mkdir -p "$graphs/$module" "$output"
  swift-symbolgraph-extract -module-name "$module" -I "$modules/Modules" -I "$modules" \
    "${sdk_flags[@]}" -target "$target" -minimum-access-level public -skip-synthesized-members \
    -output-dir "$graphs/$module"
  say "== $module"
  docc convert "$catalogue" --additional-symbol-graph-dir "$graphs/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "signum.$module" \
    --warnings-as-errors --output-path "$output/$module" > "$graphs/$module.out" 2>&1 || {
    cat "$graphs/$module.out" >&2
    failed+=("$module")
  }
done
[ ${#failed[@]} -eq 0 ] || {
  say "with warnings: ${failed[*]}"
  exit 1
}
say "documentation: $output"
