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

/// Expressions and their values or codes.
#[rustfmt::skip]
const VALUES: &[(&str, &str)] = &[
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
    // Lists, member by member.
    ("[x IN [1, 2, 3] WHERE x > 1 | x * 10]", "[20, 30]"), ("[x IN [1, 2]]", "[1, 2]"), ("[x IN [1, NULL] WHERE x = 1]", "[1]"),
    ("[x IN [1, 2] | [y IN [10, 20] | x + y]]", "[[11, 21], [12, 22]]"), ("[user IN ['b'] | user][0] + user", "badmin"),
    ("[x IN [[1], []] WHERE size(x) > 0 | head(x)]", "[1]"), ("[1 IN [1], 2]", "[true, 2]"), ("[user IN ['admin'], 2]", "[true, 2]"),
    ("[(user IN ['admin'])]", "[true]"), ("[x IN NULL | x]", "NULL"), ("[x IN 1 | x]", "WRONG_TYPE"), ("[x IN [1] | y]", "UNKNOWN_VARIABLE"),
    ("[x IN [1] | x][0] + x", "UNKNOWN_VARIABLE"),
    ("all(x IN [1, 2] WHERE x > 0)", "true"), ("all(x IN [] WHERE x)", "true"), ("all(x IN [1, NULL] WHERE x > 0)", "NULL"),
    ("all(x IN [0, NULL] WHERE x > 0)", "false"), ("any(x IN [0, NULL, 1] WHERE x > 0)", "true"), ("any(x IN [0, NULL] WHERE x > 0)", "NULL"),
    ("any(x IN [] WHERE x)", "false"), ("none(x IN [0] WHERE x > 0)", "true"), ("none(x IN [NULL] WHERE x > 0)", "NULL"),
    ("single(x IN [1, 2] WHERE x > 1)", "true"), ("single(x IN [2, 2] WHERE x > 1)", "false"), ("single(x IN [2, NULL] WHERE x > 1)", "NULL"),
    ("single(x IN [] WHERE x > 1)", "false"), ("any(x IN NULL WHERE x)", "NULL"), ("any(x IN [1] WHERE x)", "WRONG_TYPE"), ("any(x IN [1])", "SYNTAX_ERROR"),
    ("reduce(sum = 0, x IN [1, 2, 3] | sum + x)", "6"), ("reduce(text = '', x IN ['a', 'b'] | x + text)", "ba"), ("reduce(a = 1, x IN [] | x)", "1"),
    ("[x IN range(1, 4) WHERE x % 2 = 0 | x ^ 2]", "[4.0, 16.0]"),
    // More operators and functions.
    ("2 ^ 3 ^ 2", "64.0"), ("-2 ^ 2", "4.0"), ("2 * 3 ^ 2", "18.0"), ("+5 - +3", "2"), ("'a' || 'b' || 'c'", "abc"), ("[1] || [2]", "[1, 2]"),
    ("1 || 2", "WRONG_TYPE"), ("NULL || 'a'", "NULL"), ("abs(-3) + abs(-0.5)", "3.5"), ("abs(-9223372036854775808)", "ARITHMETIC_ERROR"),
    ("ceil(1.1) + floor(1.9)", "3.0"), ("round(2.5) + round(-1.5)", "2.0"), ("sign(-7) + sign(0.0)", "-1"), ("abs('x')", "WRONG_TYPE"),
    ("range(0, 6, 3)", "[0, 3, 6]"), ("range(3, 1, -1)", "[3, 2, 1]"), ("range(1, 0)", "[]"), ("range(0, 10000)", "INVALID_EXPRESSION"),
    ("range(1, 2, 0)", "INVALID_EXPRESSION"), ("char_length('äb') + character_length('c')", "3"), ("btrim(' a ')", "a"),
    // There is no graph.
    ("EXISTS { MATCH (n) }", "EXPRESSION_NOT_VALID"), ("count { (n) }", "EXPRESSION_NOT_VALID"), ("COLLECT{RETURN 1}", "EXPRESSION_NOT_VALID"),
    ("(a)-[:R]->(b)", "EXPRESSION_NOT_VALID"), ("NOT (a)--()", "EXPRESSION_NOT_VALID"), ("exists((:L)<-[]-())", "EXPRESSION_NOT_VALID"),
    ("[(a)-->(b) | b]", "EXPRESSION_NOT_VALID"), ("[p = (a)--(b) | p]", "EXPRESSION_NOT_VALID"), ("(2)-(-3)", "5"), ("(2)<-3", "false"),
    // Durations.
    ("duration('PT5S')", "PT5S"), ("duration({seconds: 90})", "PT1M30S"), ("duration('P1Y2M3W4DT5H6M7.5S')", "P1Y2M25DT5H6M7.5S"),
    ("duration({seconds: 1.5, milliseconds: 250})", "PT1.75S"), ("duration('-PT1S')", "PT-1S"),
    ("duration({hours: -1})", "PT-1H"), ("duration('PT')", "INVALID_EXPRESSION"), ("duration('5S')", "INVALID_EXPRESSION"),
    ("duration('PT5M4H')", "INVALID_EXPRESSION"), ("duration({second: 1})", "INVALID_EXPRESSION"),
    ("duration({days: 1.5})", "INVALID_EXPRESSION"), ("duration(5)", "INVALID_EXPRESSION"), ("duration(NULL)", "NULL"),
    ("duration({seconds: 9223372036854775807, minutes: 1})", "INVALID_EXPRESSION"),
    // Names.
    ("user", "admin"), ("usr", "UNKNOWN_VARIABLE"), ("1 + count(*)", "2"), ("$p", "MISSING_PARAMETER"),
];

#[test]
fn values() {
    let mut session = Session::new();
    for (expression, result) in VALUES {
        assert_eq!(value(&mut session, expression), *result, "{expression}");
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
    // Iterations in iterations.
    let all = "range(1, 10000)";
    let doubling = format!("size(reduce(text = 'x', x IN {all} | text + text))");
    let nested = format!("any(x IN {all} WHERE any(y IN {all} WHERE any(z IN {all} WHERE x * y * z = 0)))");
    let copied = format!("size([x IN {all} | {all}])");
    let called =
        format!("[x IN {all} | size(reverse('{long}')) + size(reverse('{long}')) + size(reverse('{long}'))][0]");
    for expression in [doubling, nested, copied, called] {
        assert_eq!(value(&mut session, &expression), "LIST_TOO_LONG", "{expression}");
    }
    assert_eq!(value(&mut session, &format!("size([x IN {all} WHERE any(y IN [x] WHERE y > 1)])")), "9999");
}
