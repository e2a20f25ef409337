/* SPDX-License-Identifier: Apache-2.0 */
/* Tests core/value/fold.c. */
#include "core/value/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

typedef tn_status (*fold)(struct tn_str text, struct buf *out);

static void check_fold(fold function, const char *text, const char *expected)
{
    struct buf out = {0};

    assert_int_equal(function(utf8_str(text), &out), TN_OK);
    assert_int_equal(buf_add_u8(&out, 0), TN_OK);
    assert_string_equal((const char *)out.data, expected);
    buf_fini(&out);
}

static void case_form_keeps_accents(void **state)
{
    (void)state;
    check_fold(fold_case, "", "");
    check_fold(fold_case, "Hello, World 42 [Z]{`@", "hello, world 42 [z]{`@");
    check_fold(fold_case, "École NOËL", "école noël");
    check_fold(fold_case, "STRASSE straße", "strasse strasse");
    check_fold(fold_case, "ΣΊΣΥΦΟΣ", "σίσυφοσ");
    check_fold(fold_case, "Œuvre", "œuvre");
    check_fold(fold_case, "ＡＢＣ", "ａｂｃ");
}

static void case_form_is_the_same_for_every_way_of_writing(void **state)
{
    (void)state;
    check_fold(fold_case, "e\u0301", "\u00e9");
    check_fold(fold_case, "E\u0301", "\u00e9");
    check_fold(fold_case, "a\u0323\u0307", "\u1ea1\u0307");
    check_fold(fold_case, "a\u0307\u0323", "\u1ea1\u0307"); /* the marks in the other order */
    check_fold(fold_case, "\u1112\u1161\u11ab", "\ud55c");  /* Hangul */
    check_fold(fold_case, "\u212b", "\u00e5");              /* the unit ångström */
}

static void match_form_drops_accents_and_ligatures(void **state)
{
    (void)state;
    check_fold(fold_match, "", "");
    check_fold(fold_match, "Hello, World 42", "hello, world 42");
    check_fold(fold_match, "Éléonore Noël-Çà", "eleonore noel-ca");
    check_fold(fold_match, "e\u0301E\u0301", "ee");
    check_fold(fold_match, "Œuvre Æsop SMØRREBRØD Łódź đ", "oeuvre aesop smorrebrod lodz d");
    check_fold(fold_match, "İstanbul ılık", "istanbul ilik");
    check_fold(fold_match, "straße", "strasse");
    check_fold(fold_match, "co\u00adop\u200b", "coop"); /* a soft hyphen, a zero-width space */
    check_fold(fold_match, "\u0301", "");
    check_fold(fold_match, "Привет", "привет");
}

static void check_stable(fold function, utf8proc_int32_t c)
{
    uint8_t bytes[4];
    struct tn_str text = {(const char *)bytes, (size_t)utf8proc_encode_char(c, bytes)};
    struct buf once = {0};
    struct buf twice = {0};

    assert_int_equal(function(text, &once), TN_OK);
    assert_int_equal(function((struct tn_str){(const char *)once.data, once.len}, &twice), TN_OK);
    if (once.len != twice.len || (once.len && memcmp(once.data, twice.data, once.len) != 0))
        fail_msg("U+%04X changes when it is folded again", (unsigned)c);
    if (once.len && !utf8_is_valid((const char *)once.data, once.len, NULL))
        fail_msg("U+%04X folds to what is no text", (unsigned)c);
    buf_fini(&once);
    buf_fini(&twice);
}

static void folding_again_changes_no_character(void **state)
{
    (void)state;
    for (utf8proc_int32_t c = 1; c < 0x30000; c++) {
        if (c >= 0xd800 && c < 0xe000)
            continue;
        check_stable(fold_case, c);
        check_stable(fold_match, c);
    }
}

/* Texts that share beginnings, from letters of one to four bytes. */
static size_t random_text(struct random *random, char *text)
{
    static const char *const parts[] = {"a",
                                        "A",
                                        "b",
                                        "é",
                                        "É",
                                        "e\u0301",
                                        "e",
                                        "ß",
                                        "ss",
                                        "œ",
                                        "oe",
                                        "한",
                                        "\U0001d11e",
                                        "~",
                                        " "};
    size_t len = 0;

    for (uint64_t n = random_below(random, 6); n > 0; n--) {
        const char *part = parts[random_below(random, sizeof(parts) / sizeof(parts[0]))];

        memcpy(text + len, part, strlen(part));
        len += strlen(part);
    }
    return len;
}

static int sign_of(int order)
{
    return (order > 0) - (order < 0);
}

static void compare_orders_as_the_bytes_of_the_match_form(void **state)
{
    struct random random = {1};
    struct buf folded_a = {0};
    struct buf folded_b = {0};

    (void)state;
    for (int i = 0; i < 50000; i++) {
        char a[64];
        char b[64];
        struct tn_str text_a = {a, random_text(&random, a)};
        struct tn_str text_b = {b, random_text(&random, b)};

        buf_clear(&folded_a);
        buf_clear(&folded_b);
        assert_int_equal(fold_match(text_a, &folded_a), TN_OK);
        assert_int_equal(fold_match(text_b, &folded_b), TN_OK);
        size_t len = folded_a.len < folded_b.len ? folded_a.len : folded_b.len;
        int expected = len ? memcmp(folded_a.data, folded_b.data, len) : 0;
        if (expected == 0)
            expected = (folded_a.len > folded_b.len) - (folded_a.len < folded_b.len);
        assert_int_equal(fold_compare(text_a, text_b), sign_of(expected));
    }
    buf_fini(&folded_a);
    buf_fini(&folded_b);
}

static void cut_is_a_beginning_at_a_character(void **state)
{
    struct tn_str text = utf8_str("Ab한ßé\U0001d11e!");
    struct buf whole = {0};

    (void)state;
    assert_int_equal(fold_match(text, &whole), TN_OK);
    for (size_t max = 0; max <= whole.len + 1; max++) {
        struct buf cut = {0};

        assert_int_equal(fold_match_cut(text, max, &cut), TN_OK);
        assert_true(cut.len <= max);
        assert_true(cut.len == whole.len || cut.len + 4 > max);
        if (cut.len) {
            assert_memory_equal(cut.data, whole.data, cut.len);
            assert_true(utf8_is_valid((const char *)cut.data, cut.len, NULL));
        }
        buf_fini(&cut);
    }
    buf_fini(&whole);
}

static void bytes_that_are_no_text_are_safe(void **state)
{
    struct random random = {2};
    struct buf out = {0};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        /* Of its own size, so that the sanitizer sees every byte read behind it. */
        size_t len = random_below(&random, 12);
        char *bytes = mem_alloc(len);
        struct tn_str text = {bytes, len};

        assert_non_null(bytes);
        for (size_t j = 0; j < len; j++)
            bytes[j] = (char)(random_next(&random) | (random_below(&random, 2) ? 0x80 : 0));
        buf_clear(&out);
        assert_int_equal(fold_case(text, &out), TN_OK);
        assert_int_equal(fold_match(text, &out), TN_OK);
        assert_int_equal(fold_compare(text, text), 0);
        mem_free(bytes);
    }
    buf_fini(&out);
}

static void long_runs_of_marks_do_not_take_quadratic_time(void **state)
{
    enum { COUNT = 400000 };
    char *text = mem_alloc(COUNT * 2 + 1);
    struct buf out = {0};

    (void)state;
    assert_non_null(text);
    text[0] = 'a';
    for (size_t i = 0; i < COUNT; i++) /* classes 230 and 220: half of them are out of order */
        memcpy(text + 1 + i * 2, i < COUNT / 2 ? "\u0301" : "\u0323", 2);
    int64_t start = clock_mono_us();
    assert_int_equal(fold_case((struct tn_str){text, COUNT * 2 + 1}, &out), TN_OK);
    /* It takes some 50 ms with sanitizers; sorted as one run, minutes. */
    assert_true(clock_mono_us() - start < 10000000);
    assert_true(out.len > COUNT);
    buf_fini(&out);
    mem_free(text);
}

static void folding_survives_any_failed_allocation(void **state)
{
    static char text[4000];
    static const fold folds[] = {fold_case, fold_match};

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(text); i += 2)
        memcpy(text + i, "É", 2);
    for (size_t i = 0; i < 2; i++) {
        unsigned nth = 1;
        tn_status st = TN_RESOURCE_EXHAUSTED;

        for (; st != TN_OK && nth < 100; nth++) {
            struct buf out = {0};

            assert_int_equal(buf_add(&out, "kept", 4), TN_OK);
            mem_fail_at(nth);
            st = folds[i]((struct tn_str){text, sizeof(text)}, &out);
            mem_fail_never();
            assert_true(st == TN_OK || (st == TN_RESOURCE_EXHAUSTED && out.len == 4));
            assert_memory_equal(out.data, "kept", 4);
            buf_fini(&out);
        }
        assert_int_equal(st, TN_OK);
        assert_true(nth > 2);
    }
}

/* Words joined by '|'. */
struct words {
    char text[1024];
    size_t len;
    unsigned left; /* words until TN_CANCELLED */
};

static tn_status add_word(void *ctx, struct tn_str word)
{
    struct words *words = ctx;

    if (words->left-- == 0)
        return TN_CANCELLED;
    assert_true(word.len > 0);
    assert_true(word.len <= FOLD_WORD_MAX);
    memcpy(words->text + words->len, word.data, word.len);
    words->len += word.len;
    words->text[words->len++] = '|';
    return TN_OK;
}

static void check_words(const char *text, const char *expected)
{
    struct words words = {.left = 100};

    assert_int_equal(fold_words(utf8_str(text), add_word, &words), TN_OK);
    assert_string_equal(words.text, expected);
}

static void words_are_runs_of_letters_and_digits(void **state)
{
    (void)state;
    check_words("", "");
    check_words(" -- ' \u00a0!", "");
    check_words("L'Équipe n°4: Noël!", "l|equipe|n|4|noel|");
    check_words("42 items (3.5 kg)", "42|items|3|5|kg|");
    check_words("e\u0301te\u0301", "ete|");
    check_words("co\u00adoperate", "cooperate|");
    check_words("日本語 テスト", "日本語|テスト|");
    check_words("٣ rows", "٣|rows|");
    check_words("\U0001f600ok\U0001f600", "ok|");
}

static void an_address_gives_its_parts_and_itself(void **state)
{
    (void)state;
    check_words("Jean.Dupont@Example.ORG", "jean|dupont|example|org|jean.dupont@example.org|");
    check_words("<a+b@c-d.fr>, x", "a|b|c|d|fr|a+b@c-d.fr|x|");
    check_words("Write to é_t@b.fr.", "write|to|e|t|b|fr|e_t@b.fr|");
    check_words("-a@b-", "a|b|a@b|");
    check_words("mailto:a@b.fr", "mailto|a|b|fr|a@b.fr|");
}

static void what_is_no_address_gives_words_only(void **state)
{
    (void)state;
    check_words("@handle", "handle|");
    check_words("a@", "a|");
    check_words("a@b@c", "a|b|c|");
    check_words("a @ b", "a|b|");
    check_words("a-b_c.d", "a|b|c|d|");
}

static void a_telephone_number_is_one_word_however_it_is_written(void **state)
{
    (void)state;
    check_words("+33 4 78 12 34 56", "#65432187433|");
    check_words("0033-4.78/12-34-56", "#65432187433|");
    check_words("+33 (0)4 78 12 34 56", "#65432187433|");
    check_words("+33\u00a04\u202f78\u201112\u201334 56", "#65432187433|");
    check_words("(212) 555-1234", "#4321555212|");
    check_words("+123 456 789 012 345", "#543210987654321|");
    check_words("1234-567", "#7654321|");
}

static void a_number_without_its_country_is_its_end(void **state)
{
    (void)state;
    check_words("04 78 12 34 56", "#654321874|");
    check_words("(0)4 78 12 34 56", "#654321874|");
    check_words("4 78 12 34 56", "#654321874|");
}

static void digits_alone_are_a_word_and_a_number(void **state)
{
    (void)state;
    check_words("1234567", "1234567|#7654321|");
    check_words("0478123456", "0478123456|#654321874|");
}

static void check_end(const char *text, const char *expected)
{
    char word[FOLD_NUMBER_SIZE];
    size_t len = 0;

    assert_int_equal(fold_number_end(utf8_str(text), word, &len), expected != NULL);
    assert_int_equal(len, expected ? strlen(expected) : 0);
    if (expected)
        assert_memory_equal(word, expected, len);
}

static void the_last_digits_of_a_number_are_how_its_word_begins(void **state)
{
    (void)state;
    check_end("+33 (0)4 78 12 34 56", "#65432187433");
    check_end("04 78 12 34 56", "#654321874");
    check_end("34 56", "#6543");
    check_end("0056", "#6500");
    check_end("0000000000000000000056", "#650000000000000");
    check_end("1234567890123456", NULL);
    check_end("00", NULL);
    check_end("", NULL);
    check_end("56 b", NULL);
}

static void what_is_no_number_gives_words_only(void **state)
{
    (void)state;
    check_words("123 456", "123|456|");
    check_words("00 0123 456", "00|0123|456|");
    check_words("1234 5678 9012 3456", "1234|5678|9012|3456|");
    check_words("tel. 04 78 12 34 56", "tel|04|78|12|34|56|");
    check_words("04 78 12 34 56 ext 3", "04|78|12|34|56|ext|3|");
    check_words("33+478123456", "33|478123456|");
    check_words("++33478123456", "33478123456|");
    check_words("04,78,12,34,56", "04|78|12|34|56|");
    check_words("#65432187433", "65432187433|");
    check_words("+-()./ ", "");
}

static void long_words_are_cut_at_a_character(void **state)
{
    struct words words = {.left = 100};
    char text[3 * 40 + 1];

    (void)state;
    for (size_t i = 0; i < 40; i++)
        memcpy(text + i * 3, "語", 3);
    text[sizeof(text) - 1] = 'x'; /* fits behind the cut, but is not part of the beginning */
    assert_int_equal(fold_words((struct tn_str){text, sizeof(text)}, add_word, &words), TN_OK);
    assert_int_equal(words.len, 63 + 1);
    assert_memory_equal(words.text, text, 63);
}

static void words_stop_at_the_first_failure(void **state)
{
    struct words words = {.left = 2};

    (void)state;
    assert_int_equal(fold_words(utf8_str("a b c d"), add_word, &words), TN_CANCELLED);
    assert_string_equal(words.text, "a|b|");
    words = (struct words){.left = 2};
    assert_int_equal(fold_words(utf8_str("a@b"), add_word, &words), TN_CANCELLED);
    words = (struct words){.left = 0};
    assert_int_equal(fold_words(utf8_str("1234567"), add_word, &words), TN_CANCELLED);
    words = (struct words){.left = 1};
    assert_int_equal(fold_words(utf8_str("1234567"), add_word, &words), TN_CANCELLED);
    assert_string_equal(words.text, "1234567|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_form_keeps_accents),
        cmocka_unit_test(case_form_is_the_same_for_every_way_of_writing),
        cmocka_unit_test(match_form_drops_accents_and_ligatures),
        cmocka_unit_test(folding_again_changes_no_character),
        cmocka_unit_test(compare_orders_as_the_bytes_of_the_match_form),
        cmocka_unit_test(cut_is_a_beginning_at_a_character),
        cmocka_unit_test(bytes_that_are_no_text_are_safe),
        cmocka_unit_test(long_runs_of_marks_do_not_take_quadratic_time),
        cmocka_unit_test(folding_survives_any_failed_allocation),
        cmocka_unit_test(words_are_runs_of_letters_and_digits),
        cmocka_unit_test(an_address_gives_its_parts_and_itself),
        cmocka_unit_test(what_is_no_address_gives_words_only),
        cmocka_unit_test(a_telephone_number_is_one_word_however_it_is_written),
        cmocka_unit_test(a_number_without_its_country_is_its_end),
        cmocka_unit_test(digits_alone_are_a_word_and_a_number),
        cmocka_unit_test(the_last_digits_of_a_number_are_how_its_word_begins),
        cmocka_unit_test(what_is_no_number_gives_words_only),
        cmocka_unit_test(long_words_are_cut_at_a_character),
        cmocka_unit_test(words_stop_at_the_first_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
