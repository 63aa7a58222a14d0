//! The syntax that docs/language.md shows, against the parser: whatever the notation derives is a statement of that
//! command. A derivation is drawn at random; `…` repeats a choice without taking the same branch twice.

use aliasd_cypher::{CommandPage, ErrorCode, commands, definitions, parse};
use proptest::prelude::*;

/// What a notation is made of.
#[derive(Clone, Debug)]
enum Part {
    /// Written as it is.
    Word(String),
    /// A name for something, in lower case.
    Placeholder(String),
    Optional(Alternatives),
    Group(Alternatives),
    /// `part …`, or `part, …`.
    Repeated(Vec<Part>, &'static str),
}

/// What `|` stands between.
type Alternatives = Vec<Vec<Part>>;

// === notation ===

/// Cuts a notation into words and brackets. A bracket that touches a word, as in `ALIAS[ES]`, belongs to it.
fn tokens(notation: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = notation.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            // `"{"` is a brace of the language, `{}` an empty map.
            '"' => 1 + rest[1..].find('"').expect("a closed quote") + 1,
            '{' if rest.starts_with("{}") => 2,
            '[' | ']' | '{' | '}' | '|' | ',' | '(' | ')' | '…' => first.len_utf8(),
            _ => word_length(rest),
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    tokens
}

fn word_length(text: &str) -> usize {
    let mut depth = 0;
    let end = text.char_indices().find(|(_, character)| match character {
        '[' => {
            depth += 1;
            false
        }
        ']' if depth > 0 => {
            depth -= 1;
            false
        }
        ']' | '{' | '}' | '|' | ',' | '(' | ')' | '…' => true,
        other => other.is_whitespace(),
    });
    end.map_or(text.len(), |(at, _)| at)
}

struct Reader {
    tokens: Vec<String>,
    position: usize,
}

impl Reader {
    /// Alternatives up to a closing bracket or the end.
    fn alternatives(&mut self) -> Alternatives {
        let mut alternatives = vec![Vec::new()];
        while let Some(token) = self.tokens.get(self.position).cloned() {
            self.position += 1;
            let current: &mut Vec<Part> = alternatives.last_mut().expect("there is one from the start");
            match token.as_str() {
                "]" | "}" => break,
                "|" => alternatives.push(Vec::new()),
                "[" => current.push(Part::Optional(self.alternatives())),
                "{" => current.push(Part::Group(self.alternatives())),
                "…" if matches!(current.last(), Some(Part::Word(comma)) if comma == ",") => {
                    current.pop();
                    // A list repeats its placeholder and what may follow that.
                    let is_placeholder = |part: &Part| matches!(part, Part::Placeholder(_));
                    let from = current.iter().rposition(is_placeholder).expect("a list is of placeholders");
                    let repeated = current.split_off(from);
                    current.push(Part::Repeated(repeated, ", "));
                }
                "…" => {
                    let repeated = current.pop().expect("something is repeated");
                    current.push(Part::Repeated(vec![repeated], " "));
                }
                word if word.starts_with('"') => current.push(Part::Word(word.trim_matches('"').to_owned())),
                word if word.starts_with(|first: char| first.is_ascii_lowercase()) && !word.contains('.') => {
                    current.push(Part::Placeholder(word.to_owned()));
                }
                word => current.push(Part::Word(word.to_owned())),
            }
        }
        alternatives
    }
}

fn notation(text: &str) -> Alternatives {
    Reader { tokens: tokens(text), position: 0 }.alternatives()
}

// === derivation ===

/// Random choices, all from one seed.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        // The constants of Knuth's MMIX generator; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % sides
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())].clone()
    }
}

const EXPRESSIONS: [&str; 6] = [
    "a",
    "a = 1 AND NOT b",
    "toUpper(a) + 'x'",
    "[x IN a WHERE x > 1 | -x]",
    "count(*) + 1",
    "CASE a WHEN 1 THEN 2 END",
];

struct Derivation<'a> {
    dice: &'a mut Dice,
    /// Whether names may have dots: those of databases and aliases.
    dotted: bool,
    text: String,
}

impl Derivation<'_> {
    fn write(&mut self, text: &str) {
        let glued = matches!(text, "(" | ")" | ",") || self.text.ends_with('(') || self.text.is_empty();
        self.text.push_str(if glued { "" } else { " " });
        self.text.push_str(text);
    }

    fn one_of(&mut self, alternatives: &Alternatives) {
        let parts = self.dice.pick(alternatives);
        self.parts(&parts);
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            self.part(part);
        }
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Word(word) => {
                let word = self.keyword(word);
                self.write(&word);
            }
            Part::Placeholder(name) => {
                let text = self.placeholder(name);
                self.write(&text);
            }
            Part::Optional(alternatives) => {
                if self.dice.roll(2) == 0 {
                    self.one_of(alternatives);
                }
            }
            Part::Group(alternatives) => self.one_of(alternatives),
            Part::Repeated(parts, separator) => self.repeated(parts, separator),
        }
    }

    fn repeated(&mut self, parts: &[Part], separator: &str) {
        match parts {
            // Each branch at most once, in any order, and at least one.
            [Part::Group(alternatives)] => {
                let mut left = alternatives.clone();
                for _ in 0..=self.dice.roll(left.len()) {
                    let at = self.dice.roll(left.len());
                    let parts = left.swap_remove(at);
                    self.parts(&parts);
                }
            }
            // `SET …` stands for the clauses of CREATE USER.
            [Part::Word(word)] => {
                let clauses = ["STATUS ACTIVE", "HOME DATABASE a", "PASSWORD 'password'", "AUTH 'mtls' {SET ID 'x'}"];
                let clause = self.dice.pick(&clauses);
                self.write(&format!("{word} {clause}"));
            }
            [Part::Optional(_)] => self.part(&parts[0]),
            _ => {
                self.parts(parts);
                for _ in 0..self.dice.roll(3) {
                    self.text.push_str(separator.trim_end());
                    self.parts(parts);
                }
            }
        }
    }

    /// A keyword, with or without what is in brackets, in any case.
    fn keyword(&mut self, word: &str) -> String {
        if !word.contains(char::is_alphabetic) {
            return word.to_owned();
        }
        let mut text = String::new();
        let mut rest = word;
        while let Some((before, after)) = rest.split_once('[') {
            text.push_str(before);
            let (inside, after) = after.rsplit_once(']').expect("a closed bracket");
            if self.dice.roll(2) == 0 {
                text.push_str(&self.keyword(inside));
            }
            rest = after;
        }
        text.push_str(rest);
        match self.dice.roll(4) {
            0 if !text.contains('.') => text.to_lowercase(),
            _ => text,
        }
    }

    fn placeholder(&mut self, name: &str) -> String {
        if let Some((_, definition)) = definitions().into_iter().find(|(known, _)| *known == name) {
            let mut text = std::mem::take(&mut self.text);
            self.one_of(&notation(&definition));
            std::mem::swap(&mut text, &mut self.text);
            return text;
        }
        let options: &[&str] = match name {
            "name" | "target" if self.dotted => &["a", "`b c`", "$p", "sales", "garden.roses", "if"],
            "name" | "user" | "role" | "other" => &["a", "`b c`", "$p", "carol", "to"],
            "url" => &["'neo4j+s://h'", "\"bolt://h:1\"", "$p"],
            "password" | "id" | "string" => &["'password'", "$p"],
            "provider" => &["'mtls'"],
            "map" => &["{}", "{a: 1, `b`: [duration('PT1S')]}", "$p"],
            "n" => &["0", "5", "300"],
            "pattern" => &["a", "a.*", "apoc.?oad.`x y`", "*"],
            "property" | "label" | "variable" => &["a", "`b c`", "name"],
            "comparison" => &["a.x = 1", "NOT a.x IN ['b', 'c']", "a.x IS NULL", "a.x > $p"],
            "column" => &["a", "`b c`", "name"],
            "expression" | "condition" => &EXPRESSIONS,
            _ => &["$p"],
        };
        self.dice.pick(options).to_owned()
    }
}

fn derive(command: &CommandPage, notation: &Alternatives, dice: &mut Dice) -> String {
    let dotted = ["ALIAS", "DATABASE"].iter().any(|word| command.name.contains(word));
    let mut derivation = Derivation { dice, dotted, text: String::new() };
    derivation.one_of(notation);
    derivation.text
}

/// What the notation cannot say: that clauses exclude each other, or that one is missing.
const SAID_IN_WORDS: [ErrorCode; 3] =
    [ErrorCode::DuplicateClause, ErrorCode::ConflictingClauses, ErrorCode::MissingClause];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// What the syntax of a command derives is a statement of it, and prints as the same one.
    #[test]
    fn derivations_are_statements(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        for command in commands() {
            let text = derive(command, &notation(command.syntax), &mut dice);
            match parse(&text) {
                Ok(statement) => {
                    prop_assert_eq!(statement.command().name, command.name, "{}", text);
                    let printed = statement.to_string();
                    let again = parse(&printed).map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))?;
                    prop_assert_eq!(again.to_string(), printed, "{}", text);
                }
                Err(error) => prop_assert!(SAID_IN_WORDS.contains(&error.code()), "{}: {text}\n{error}", command.name),
            }
        }
    }
}

/// Derivations are not refused for the most part, or the property would say little.
#[test]
fn most_derivations_are_accepted() {
    let mut dice = Dice(1);
    for command in commands() {
        let notation = notation(command.syntax);
        let accepted = (0..200).filter(|_| parse(&derive(command, &notation, &mut dice)).is_ok()).count();
        assert!(accepted > 50, "{}: {accepted} of 200", command.name);
    }
}

/// The statements that the other properties are drawn from are of every command.
#[test]
fn every_command_is_drawn() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let strategy = crate::generate::statement();
    let draw = || strategy.new_tree(&mut runner).expect("a statement can be drawn").current();
    let names: std::collections::BTreeSet<&str> =
        std::iter::repeat_with(draw).take(2_000).map(|statement| statement.command().name).collect();
    for command in commands() {
        assert!(names.contains(command.name), "{} is never drawn", command.name);
    }
}
