//! What expressions come to.

use crate::session::Session;

/// The value of an expression, or the refusal's code.
fn value(session: &mut Session, expression: &str) -> String {
    let answer = session.say("admin", &format!("SHOW CURRENT USER YIELD * RETURN {expression} AS x"));
    match answer.strip_prefix("x\n") {
        Some(value) => value.to_owned(),
        None => answer.strip_prefix("refused ").unwrap_or(&answer).split(':').next().unwrap_or_default().to_owned(),
    }
}

#[test]
fn values() {
    let mut session = Session::new();
    #[rustfmt::skip]
    let expected = [
        // Arithmetic.
        ("1 + 2 * 3 - 4", "3"), ("(1 + 2) * 3", "9"), ("7 / 2", "3"), ("-7 / 2", "-3"), ("-7 % 3", "-1"),
        ("7.0 / 2", "3.5"), ("1 + 0.5", "1.5"), ("2 - -2", "4"), ("-(3)", "-3"), ("0x10 + 0o10", "24"),
        ("1 / 0", "ARITHMETIC_ERROR"), ("1 % 0", "ARITHMETIC_ERROR"), ("9223372036854775807 + 1", "ARITHMETIC_ERROR"),
        ("-9223372036854775808 / -1", "ARITHMETIC_ERROR"), ("1 + NULL", "NULL"), ("1 + 'a'", "WRONG_TYPE"),
        ("'a' + 'b' + 'c'", "abc"), ("[1] + [2, 'x']", "[1, 2, x]"), ("1.5e3", "1500.0"), (".5", "0.5"),
        // Three truth values.
        ("true AND NULL", "NULL"), ("false AND NULL", "false"), ("NULL OR true", "true"), ("NULL OR false", "NULL"),
        ("true XOR true", "false"), ("true XOR NULL", "NULL"), ("NOT NULL", "NULL"), ("NOT false", "true"),
        ("true OR 1", "true"), ("1 AND true", "WRONG_TYPE"), ("NULL = NULL", "NULL"), ("NULL IS NULL", "true"),
        ("1 IS NOT NULL", "true"), ("NULL <> 1", "NULL"),
        // Comparison.
        ("1 = 1.0", "true"), ("1 = '1'", "false"), ("1 < 2 < 3", "true"), ("1 < 2 > 3", "false"), ("1 < 'a'", "NULL"),
        ("'a' < 'b'", "true"), ("9007199254740993 = 9007199254740992.0", "false"), ("-1 > -1.5", "true"),
        ("1 < 9.9e18", "true"), ("[1, NULL] = [1, 2]", "NULL"), ("[1, NULL] = [2, NULL]", "false"),
        ("{a: 1} = {a: 1.0}", "true"), ("{a: 1} = {b: 1}", "false"), ("[1] = [1, 2]", "false"), ("false < true", "true"),
        // Predicates.
        ("2 IN [1, 2]", "true"), ("3 IN [1, NULL]", "NULL"), ("3 IN []", "false"), ("NULL IN [1]", "NULL"),
        ("1 IN NULL", "NULL"), ("1 IN 1", "WRONG_TYPE"), ("'abc' STARTS WITH 'ab'", "true"),
        ("'abc' ENDS WITH 'ab'", "false"), ("'abc' CONTAINS 'b'", "true"), ("1 CONTAINS 'b'", "NULL"),
        // Maps and functions.
        ("{a: {b: 7}}.a.b", "7"), ("{a: 1}.b", "NULL"), ("NULL.b", "NULL"), ("(1).b", "WRONG_TYPE"),
        ("toLower('ÄB') + upper('x')", "äbX"), ("size('äb') + size([1])", "3"), ("trim('  x ')", "x"),
        ("coalesce(NULL, 2, 3)", "2"), ("coalesce(NULL)", "NULL"), ("keys({b: 1, a: 2})", "[a, b]"),
        ("head([1, 2]) + last([1, 2])", "3"), ("head([])", "NULL"), ("toString(1.0) + toString(true)", "1.0true"),
        ("size(1)", "WRONG_TYPE"), ("size()", "INVALID_EXPRESSION"), ("siz('a')", "UNKNOWN_FUNCTION"),
        ("[1, 2, 3][0] + [1, 2, 3][-1]", "4"), ("[1][5]", "NULL"), ("[1][NULL]", "NULL"), ("{a: 1}['a']", "1"),
        ("[1, 2, 3, 4][1..3]", "[2, 3]"), ("[1, 2, 3][..-1]", "[1, 2]"), ("[1, 2, 3][-9..9]", "[1, 2, 3]"),
        ("[1, 2, 3][2..1]", "[]"), ("[{a: [7]}][0].a[0]", "7"), ("'a'[0]", "WRONG_TYPE"), ("[1]['a'..]", "WRONG_TYPE"),
        ("CASE WHEN false THEN 1 WHEN true THEN 2 ELSE 3 END", "2"), ("CASE 3 WHEN 1 THEN 'a' ELSE 'b' END", "b"),
        ("CASE NULL WHEN NULL THEN 1 END", "NULL"), ("CASE user WHEN 'admin' THEN -1 END", "-1"),
        ("'remote-a' =~ 'remote-.*'", "true"), ("'xremote-a' =~ 'remote-.*'", "false"), ("'AB' =~ '(?i)a|b'", "false"),
        ("'B' =~ '(?i)a|b'", "true"), ("NULL =~ 'a'", "NULL"), ("'a' =~ NULL", "NULL"), ("1 =~ 'a'", "NULL"),
        ("'a' =~ 'a)|(b'", "INVALID_EXPRESSION"), ("'a' =~ '('", "INVALID_EXPRESSION"), ("'a' =~ user", "INVALID_EXPRESSION"),
        ("'a' =~ 1", "WRONG_TYPE"), ("'a' =~ '(a{1000}){1000}'", "INVALID_EXPRESSION"),
        ("replace('a.b.c', '.', '--')", "a--b--c"), ("split('a,b', ',')", "[a, b]"), ("split('ab', '')", "[a, b]"),
        ("substring('hello', 1, 3) + substring('hello', 4)", "ello"), ("left('äbc', 2) + right('äbc', 1)", "äbc"),
        ("left('a', -1)", "INVALID_EXPRESSION"), ("replace(1, 'a', 'b')", "WRONG_TYPE"), ("split('a', NULL)", "NULL"),
        ("lTrim(' a ') + rTrim(' b ')", "a  b"), ("reverse('äb') + reverse(['x'])[0]", "bäx"), ("tail([1, 2])", "[2]"),
        ("isEmpty('') AND isEmpty([]) AND isEmpty({})", "true"), ("toInteger('42') + toInteger(2.9)", "44"),
        ("toInteger('x')", "NULL"), ("toInteger('4.7')", "4"), ("toFloat('1.5')", "1.5"), ("toBoolean('TRUE')", "true"),
        ("toBoolean([])", "WRONG_TYPE"), ("nullIf(1, 1.0)", "NULL"), ("nullIf(1, 2)", "1"), ("substring('a')", "INVALID_EXPRESSION"),
        // Durations.
        ("duration('PT5S')", "PT5S"), ("duration({seconds: 90})", "PT1M30S"), ("duration('P1Y2M3W4DT5H6M7.5S')", "P1Y2M25DT5H6M7.5S"),
        ("duration({seconds: 1.5, milliseconds: 250})", "PT1.75S"), ("duration('-PT1S')", "PT-1S"),
        ("duration({hours: -1})", "PT-1H"), ("duration('PT')", "INVALID_EXPRESSION"), ("duration('5S')", "INVALID_EXPRESSION"),
        ("duration('PT5M4H')", "INVALID_EXPRESSION"), ("duration({second: 1})", "INVALID_EXPRESSION"),
        ("duration({days: 1.5})", "INVALID_EXPRESSION"), ("duration(5)", "INVALID_EXPRESSION"), ("duration(NULL)", "NULL"),
        ("duration({seconds: 9223372036854775807, minutes: 1})", "INVALID_EXPRESSION"),
        // Names.
        ("user", "admin"), ("usr", "UNKNOWN_VARIABLE"), ("1 + count(*)", "INVALID_EXPRESSION"), ("$p", "MISSING_PARAMETER"),
    ];
    for (expression, result) in expected {
        assert_eq!(value(&mut session, expression), result, "{expression}");
    }
}

/// Few characters must not become gigabytes.
#[test]
fn text_grows_within_bounds() {
    let mut session = Session::new();
    let long = "a".repeat(1_000);
    assert_eq!(value(&mut session, &format!("replace('{long}', 'a', '{long}')")), "INVALID_EXPRESSION");
    assert_eq!(value(&mut session, &format!("size(replace('{long}', 'a', 'bb'))")), "2000");
    assert_eq!(value(&mut session, &format!("split('{}', '')", "a".repeat(10_001))), "INVALID_EXPRESSION");
    assert_eq!(value(&mut session, &format!("[1]{}", "[0]".repeat(17))), "NESTING_TOO_DEEP");
}
