#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# words.sh ROOT - core/ and its own tests name nothing that a salesperson would: such words belong
# to plugins. Whole words only, the parts of an identifier counting as words ("deal_stage"), so
# that "leading" and "quoted" pass; a sentence that "leads to" something can say "causes".
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname -- "$0")/lib.sh"

readonly words='contacts?|compan(y|ies)|deals?|leads?|tickets?|quotes?|pipelines?|invoices?'
readonly people='sales|sales(man|men|person|people)|prospects?|opportunit(y|ies)|crm'
folders=()
for folder in core tests/unit; do
    [ ! -d "$folder" ] || folders+=("$folder")
done

status=0
grep -rnHiE --include='*.[ch]' --include='*.cc' --include='*.hh' --include=CMakeLists.txt \
    "(^|[^[:alpha:]])($words|$people)([^[:alpha:]]|$)" "${folders[@]:?nothing to look at}" || status=$?
# grep: 0 found some, 1 found none, 2 could not look.
[ "$status" -eq 1 ] || {
    echo "core/ names something that belongs to a plugin"
    exit 1
}
