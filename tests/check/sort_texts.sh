#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sort_texts.sh ROOT - sorts the pairs of core/base/text_fr.c and drops repeats, the marks of a merge
# conflict included: run it after adding texts or merging.
set -euo pipefail
cd -- "${1:?usage: $0 ROOT}"

perl -0777 -i -pe '
    my $literals = qr/(?:"(?:\\.|[^"\\\n])*"\s*)+/;
    sub joined { join "", $_[0] =~ /"((?:\\.|[^"\\\n])*)"/g }
    sub plain { $_[0] =~ s/\\(.)/$1/gr }

    s{(pairs\[\] = \{\n)(.*?)(\n\};)}{
        my ($head, $body, $tail, %french) = ($1, $2, $3);
        $french{joined($1)} = joined($2) while $body =~ /\{\s*($literals),\s*($literals)\}/g;
        $head . join("\n", map { "    {\"$_\",\n     \"$french{$_}\"}," }
                           sort { plain($a) cmp plain($b) } keys %french) . $tail;
    }se or die "no pairs";
' core/base/text_fr.c
clang-format-14 -i core/base/text_fr.c
