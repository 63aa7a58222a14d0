//! Expressions: what `WHERE`, `ORDER BY`, `RETURN` and the values of maps are made of.
//!
//! A tree is never deeper than the parser's nesting bound times the number of precedence levels: chains
//! such as `a + b + c` are one flat node, so a long statement cannot overflow a stack.

use crate::span::Located;

/// The entries of a map literal, in the order written. Keys are as written; a later key wins.
pub type MapEntries = Vec<(Located<String>, Located<Expression>)>;

/// A value that is computed from a row and the parameters; nothing in it changes a catalog.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `NULL`.
    Null,
    /// `true`, `false`.
    Boolean(bool),
    /// A whole number. A literal with a leading minus is one negative number.
    Integer(i64),
    /// A floating point number, always finite.
    Float(f64),
    /// A string with its escapes resolved.
    String(String),
    /// `$name`, the name without its `$`. What it stands for is looked up when the expression is evaluated.
    Parameter(String),
    /// A column, or what `YIELD` called it.
    Variable(String),
    /// `[a, b]`.
    List(Vec<Located<Expression>>),
    /// `{key: value}`.
    Map(MapEntries),
    /// `base.key`.
    Property {
        /// A map when it is evaluated; the parser cannot know.
        base: Box<Located<Expression>>,
        /// The keys, outermost first; never empty.
        keys: Vec<Located<String>>,
    },
    /// `base[index]`: a member of a list, counted from 0 or, if negative, from the end; or the value of a key.
    Index {
        /// A list or a map.
        base: Box<Located<Expression>>,
        /// The position, counted from 0 or, if negative, from the end; or the key of a map.
        index: Box<Located<Expression>>,
    },
    /// `base[from..to]`: some members of a list.
    Slice {
        /// A list when it is evaluated; the parser cannot know.
        base: Box<Located<Expression>>,
        /// The first of them; absent means the first of the list.
        from: Option<Box<Located<Expression>>>,
        /// The one after the last of them; absent means to the end.
        to: Option<Box<Located<Expression>>>,
    },
    /// `CASE [subject] WHEN … THEN … [ELSE …] END`.
    Case {
        /// What the branches are compared with; without it they are conditions.
        subject: Option<Box<Located<Expression>>>,
        /// What is tested and the value if it fits; never empty.
        branches: Vec<(Located<Expression>, Located<Expression>)>,
        /// `ELSE`; absent means NULL.
        otherwise: Option<Box<Located<Expression>>>,
    },
    /// `NOT a`, `-a`.
    Unary(UnaryOperator, Box<Located<Expression>>),
    /// `a + b - c`, `a OR b`, `a < b <= c`: operators of one precedence, in the order written.
    Chain {
        /// The leftmost operand.
        first: Box<Located<Expression>>,
        /// The operators with their right operands; never empty.
        rest: Vec<(BinaryOperator, Located<Expression>)>,
    },
    /// `a IS NULL`, `a IS NOT NULL`.
    IsNull {
        /// What is tested.
        operand: Box<Located<Expression>>,
        /// Whether it was `IS NOT NULL`.
        negated: bool,
    },
    /// `name(arguments)`, `count(DISTINCT a)`.
    Call {
        /// The function, as written.
        function: Located<String>,
        /// `DISTINCT`, with which an aggregation takes equal values once.
        distinct: bool,
        /// As many as written; how many a function takes is not known to the parser.
        arguments: Vec<Located<Expression>>,
    },
    /// `count(*)`.
    CountRows,
    /// `[variable IN list WHERE filter | projection]`.
    Comprehension {
        /// What the members are called, one by one.
        variable: Located<String>,
        /// Whose members are taken in order; NULL makes the whole NULL.
        list: Box<Located<Expression>>,
        /// Which members; absent means all.
        filter: Option<Box<Located<Expression>>>,
        /// What becomes of each; absent means itself.
        projection: Option<Box<Located<Expression>>>,
    },
    /// `any(variable IN list WHERE condition)`.
    Quantified {
        /// How many members.
        quantifier: Quantifier,
        /// What the members are called, one by one.
        variable: Located<String>,
        /// Whose members are taken in order; NULL makes the whole NULL.
        list: Box<Located<Expression>>,
        /// What must hold.
        condition: Box<Located<Expression>>,
    },
    /// `reduce(accumulator = initial, variable IN list | step)`.
    Reduce {
        /// What the value so far is called.
        accumulator: Located<String>,
        /// The value before the first member.
        initial: Box<Located<Expression>>,
        /// What the members are called, one by one.
        variable: Located<String>,
        /// Whose members are taken in order; NULL makes the whole NULL.
        list: Box<Located<Expression>>,
        /// The value after a member.
        step: Box<Located<Expression>>,
    },
}

/// For how many members of a list a condition must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// `all(…)`: it must hold for every member.
    All,
    /// At least one.
    Any,
    /// Not one.
    None,
    /// Exactly one.
    Single,
}

impl Quantifier {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::All, Self::Any, Self::None, Self::Single];

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::None => "none",
            Self::Single => "single",
        }
    }
}

/// An operator before its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `NOT`.
    Not,
    /// `-`.
    Negate,
}

/// How tightly an expression holds together, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precedence {
    /// `OR`.
    Or,
    /// `XOR`.
    Xor,
    /// `AND`.
    And,
    /// `NOT`.
    Not,
    /// `=`, `<>`, `<`, `<=`, `>`, `>=`.
    Comparison,
    /// `IN`, `STARTS WITH`, `ENDS WITH`, `CONTAINS`, `=~`, `IS NULL`.
    Predicate,
    /// `+`, `-`, `||`.
    Sum,
    /// `*`, `/`, `%`.
    Product,
    /// `^`.
    Power,
    /// A leading `-`.
    Sign,
    /// `a.b`, `a[b]`.
    Property,
    /// Literals, names, calls, and everything in parentheses.
    Atom,
}

macro_rules! binary_operators {
    ($($(#[$doc:meta])* $variant:ident = $symbol:literal, $precedence:ident;)*) => {
        /// An operator between two operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum BinaryOperator { $($(#[$doc])* $variant,)* }

        impl BinaryOperator {
            /// Those that are words and those that are symbols, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The operator as it is written.
            #[must_use]
            pub fn symbol(self) -> &'static str {
                match self { $(Self::$variant => $symbol,)* }
            }

            /// The operator of a symbol; none for one that is a word.
            #[must_use]
            pub(crate) fn of_symbol(symbol: &str) -> Option<Self> {
                match symbol { $($symbol => Some(Self::$variant),)* _ => None }
            }

            /// How tightly it binds.
            #[must_use]
            pub fn precedence(self) -> Precedence {
                match self { $(Self::$variant => Precedence::$precedence,)* }
            }
        }
    };
}

impl BinaryOperator {
    /// The operators that bind so tightly.
    pub(crate) fn of_level(level: Precedence) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |operator| operator.precedence() == level)
    }

    /// The keyword or two that it is written with; none if it is a symbol.
    pub(crate) fn words(self) -> Option<(&'static str, &'static str)> {
        let symbol = self.symbol();
        let is_word = symbol.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
        is_word.then(|| symbol.split_once(' ').unwrap_or((symbol, "")))
    }
}

binary_operators! {
    /// True if either is.
    Or = "OR", Or;
    /// True if exactly one is.
    Xor = "XOR", Xor;
    /// True if both are.
    And = "AND", And;
    /// Whether both are the same value.
    Equal = "=", Comparison;
    /// Whether they are different values.
    NotEqual = "<>", Comparison;
    /// Less or equal. Before `<`, which it begins with.
    LessOrEqual = "<=", Comparison;
    /// Greater or equal. Before `>`, which it begins with.
    GreaterOrEqual = ">=", Comparison;
    /// The left one comes first.
    Less = "<", Comparison;
    /// The right one comes first.
    Greater = ">", Comparison;
    /// Member of a list.
    In = "IN", Predicate;
    /// A string begins with another.
    StartsWith = "STARTS WITH", Predicate;
    /// A string ends with another.
    EndsWith = "ENDS WITH", Predicate;
    /// A string holds another.
    Contains = "CONTAINS", Predicate;
    /// A string fits a regular expression as a whole.
    Matches = "=~", Predicate;
    /// Sum, or concatenation of strings or lists.
    Add = "+", Sum;
    /// Difference.
    Subtract = "-", Sum;
    /// Product.
    Multiply = "*", Product;
    /// Quotient; of integers, rounded towards zero.
    Divide = "/", Product;
    /// Concatenation of strings or lists.
    Concatenate = "||", Sum;
    /// What a division leaves, with the sign of the dividend.
    Remainder = "%", Product;
    /// Power, always a float.
    Power = "^", Power;
}

impl Expression {
    /// True if the test holds for this expression or one inside of it.
    pub(crate) fn any(&self, test: &mut dyn FnMut(&Self) -> bool) -> bool {
        test(self) || self.parts().into_iter().any(|part| part.value.any(test))
    }

    /// The expressions that this one is made of, in the order written.
    fn parts(&self) -> Vec<&Located<Self>> {
        match self {
            Self::Null
            | Self::Boolean(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::String(_)
            | Self::Parameter(_)
            | Self::Variable(_)
            | Self::CountRows => Vec::new(),
            Self::List(members) | Self::Call { arguments: members, .. } => members.iter().collect(),
            Self::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
            Self::Property { base: part, .. } | Self::Unary(_, part) | Self::IsNull { operand: part, .. } => vec![part],
            Self::Index { base, index } => vec![base, index],
            Self::Slice { base, from, to } => {
                [Some(&**base), from.as_deref(), to.as_deref()].into_iter().flatten().collect()
            }
            Self::Case { subject, branches, otherwise } => {
                let branches = branches.iter().flat_map(|(tested, value)| [tested, value]);
                subject.as_deref().into_iter().chain(branches).chain(otherwise.as_deref()).collect()
            }
            Self::Chain { first, rest } => {
                std::iter::once(&**first).chain(rest.iter().map(|(_, operand)| operand)).collect()
            }
            Self::Comprehension { list, filter, projection, .. } => {
                [Some(&**list), filter.as_deref(), projection.as_deref()].into_iter().flatten().collect()
            }
            Self::Quantified { list, condition, .. } => vec![list, condition],
            Self::Reduce { initial, list, step, .. } => vec![initial, list, step],
        }
    }

    /// As [`Self::parts`], to be changed.
    pub(crate) fn parts_mut(&mut self) -> Vec<&mut Located<Self>> {
        match self {
            Self::Null
            | Self::Boolean(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::String(_)
            | Self::Parameter(_)
            | Self::Variable(_)
            | Self::CountRows => Vec::new(),
            Self::List(members) | Self::Call { arguments: members, .. } => members.iter_mut().collect(),
            Self::Map(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
            Self::Property { base: part, .. } | Self::Unary(_, part) | Self::IsNull { operand: part, .. } => vec![part],
            Self::Index { base, index } => vec![base, index],
            Self::Slice { base, from, to } => {
                [Some(&mut **base), from.as_deref_mut(), to.as_deref_mut()].into_iter().flatten().collect()
            }
            Self::Case { subject, branches, otherwise } => {
                let branches = branches.iter_mut().flat_map(|(tested, value)| [tested, value]);
                subject.as_deref_mut().into_iter().chain(branches).chain(otherwise.as_deref_mut()).collect()
            }
            Self::Chain { first, rest } => {
                std::iter::once(&mut **first).chain(rest.iter_mut().map(|(_, operand)| operand)).collect()
            }
            Self::Comprehension { list, filter, projection, .. } => {
                [Some(&mut **list), filter.as_deref_mut(), projection.as_deref_mut()].into_iter().flatten().collect()
            }
            Self::Quantified { list, condition, .. } => vec![list, condition],
            Self::Reduce { initial, list, step, .. } => vec![initial, list, step],
        }
    }

    /// How tightly this expression holds together when it is written without parentheses.
    #[must_use]
    pub fn precedence(&self) -> Precedence {
        match self {
            Self::Chain { rest, .. } => rest.first().map_or(Precedence::Atom, |(operator, _)| operator.precedence()),
            Self::IsNull { .. } => Precedence::Predicate,
            Self::Unary(UnaryOperator::Not, _) => Precedence::Not,
            Self::Unary(UnaryOperator::Negate, _) => Precedence::Sign,
            Self::Integer(number) if *number < 0 => Precedence::Sign,
            Self::Float(number) if number.is_sign_negative() => Precedence::Sign,
            Self::Property { .. } | Self::Index { .. } | Self::Slice { .. } => Precedence::Property,
            _ => Precedence::Atom,
        }
    }
}
