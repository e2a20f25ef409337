#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# texts.sh ROOT - every text that core/ and sdk/c give to err_set() or err_violate() (err.h only wraps
# them) has its French in core/base/text_fr.c, and every pair there has a text that uses it. Prints one
# line per violation.
set -euo pipefail
export LC_ALL=C.UTF-8
cd -- "${1:?usage: $0 ROOT}"

find core sdk/c -type f ! -path core/base/err.h '(' -name '*.c' -o -name '*.h' -o -name '*.cc' ')' -print |
    sort | perl -e '
    use strict;
    use warnings;

    my $literal = qr/"(?:\\.|[^"\\\n])*"/;
    # Literals side by side are one text; a macro of <inttypes.h> may stand between them.
    my $text = qr/(?:$literal|PRI[a-zA-Z]+\d*)(?:\s*(?:$literal|PRI[a-zA-Z]+\d*))*/;
    # Which argument is the text, from 0.
    # WRONG() is err_violate() for the checks of declarations, FOUND() for faults of a store.
    my %format_at = (err_set => 2, err_violate => 4, WRONG => 3, FOUND => 3);

    sub joined {
        my ($source) = @_;
        my $joined = "";
        $joined .= defined $1 ? $1 : "<$2>" while $source =~ /"((?:\\.|[^"\\\n])*)"|(PRI\w+)/g;
        return $joined;
    }

    # The arguments of the call whose opening parenthesis is just before the position of $$code.
    sub arguments {
        my ($code) = @_;
        my @arguments = ("");
        my $depth = 1;
        while ($$code =~ /\G($literal|\x27(?:\\.|[^\x27\\])+\x27|.)/gcs) {
            my $token = $1;
            $depth++ if $token =~ /^[(\[{]$/;
            $depth-- if $token =~ /^[)\]}]$/;
            last if $depth == 0;
            if ($token eq "," && $depth == 1) {
                push @arguments, "";
            } else {
                $arguments[-1] .= $token;
            }
        }
        return @arguments;
    }

    my (%pairs, %used, @calls);
    my $violations = 0;
    for my $path (map { chomp; $_ } <STDIN>) {
        open my $file, "<", $path or die "$path: $!";
        my $code = do { local $/; <$file> };
        $code =~ s{(/\*.*?\*/)|($literal)}{defined $1 ? $1 =~ s/[^\n]+/ /gr : $2}gse;
        if ($path eq "core/base/text_fr.c") {
            $pairs{joined($1)} = substr($code, 0, $-[0]) =~ tr/\n//
                while $code =~ /\{\s*($text)\s*,\s*$text\s*,?\s*\}/g;
            next;
        }
        $used{joined($&)} = 1 while $code =~ /$text/g;
        while ($code =~ /\b(err_set|err_violate|WRONG|FOUND)\s*\(/g) {
            my ($name, $line) = ($1, 1 + (substr($code, 0, $-[0]) =~ tr/\n//));
            my @arguments = arguments(\$code);
            next if $arguments[0] =~ /^\s*struct\s/; # the declaration
            next if ($arguments[$format_at{$name}] // "") =~ /__VA_ARGS__|^\s*\.\.\./; # a macro
            push @calls, [$path, $line, $arguments[$format_at{$name}] // ""];
        }
    }
    die "no pairs in core/base/text_fr.c" unless %pairs;
    die "no calls in core/" unless @calls;

    for my $call (@calls) {
        my ($path, $line, $argument) = @$call;
        my @texts;
        push @texts, joined($&) while $argument =~ /$text/g; # several with a ?:
        if (!@texts) {
            print "$path:$line: the text is not written in the call\n";
            $violations++;
        }
        for my $english (grep { !exists $pairs{$_} } @texts) {
            print "$path:$line: no French for \"$english\"\n";
            $violations++;
        }
    }
    for my $english (sort grep { !$used{$_} } keys %pairs) {
        printf "core/base/text_fr.c:%d: nothing says \"%s\"\n", $pairs{$english} + 1, $english;
        $violations++;
    }
    printf "%d violations\n", $violations if $violations;
    exit($violations ? 1 : 0);
'
