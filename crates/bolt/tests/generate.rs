//! What the properties draw from.

use aliasd_bolt::{Dialect, Limits, Map, Structure, StructureKind, Value, Version};
use proptest::prelude::*;

/// Enough for everything that is drawn here.
pub(crate) const LIMITS: fn() -> Limits = || Limits::new(1 << 20, 100);

pub(crate) fn dialect() -> impl Strategy<Value = Dialect> {
    let patched = Dialect::new(Version::V4_4).patched();
    prop_oneof![9 => proptest::sample::select(&Version::ALL[..]).prop_map(Dialect::new), 1 => Just(patched)]
}

/// Texts and bytes whose lengths are around the bounds of the forms that they can have.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..20, 250_usize..260, 65_530_usize..65_540].boxed()
}

fn integer() -> impl Strategy<Value = i64> {
    let bounds = [0, -16, -17, 127, 128, -128, -129, 0x7FFF, -0x8000, 0x7FFF_FFFF, -0x8000_0000, i64::MAX, i64::MIN];
    prop_oneof![
        any::<i64>(),
        (proptest::sample::select(bounds.to_vec()), -2_i64..=2).prop_map(|(a, b)| a.saturating_add(b))
    ]
}

fn leaf(dialect: Dialect) -> impl Strategy<Value = Value> {
    let uuid = if dialect.version().has_uuids() {
        any::<[u8; 16]>().prop_map(Value::Uuid).boxed()
    } else {
        Just(Value::Null).boxed()
    };
    prop_oneof![
        4 => Just(Value::Null),
        4 => any::<bool>().prop_map(Value::Boolean),
        8 => integer().prop_map(Value::Integer),
        // A number that is none is not equal to itself.
        4 => any::<f64>().prop_filter("equal to itself", |it| !it.is_nan()).prop_map(Value::Float),
        8 => ".{0,20}".prop_map(Value::String),
        1 => length().prop_map(|length| Value::String("ä".repeat(length / 2) + &"x".repeat(length % 2))),
        1 => length().prop_map(|length| Value::Bytes(vec![0xC3; length])),
        4 => uuid,
    ]
}

/// Any value that a dialect can say, structures of all kinds with any fields included.
pub(crate) fn value(dialect: Dialect) -> impl Strategy<Value = Value> {
    let tags: Vec<u8> =
        (0..=127).filter(|tag| StructureKind::of_tag(*tag).is_none_or(|kind| kind.is_in(dialect))).collect();
    leaf(dialect).prop_recursive(5, 60, 20, move |inner| {
        let fields = proptest::collection::vec(inner.clone(), 0..=15);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..20).prop_map(Value::List),
            map_of(inner).prop_map(Value::Map),
            (proptest::sample::select(tags.clone()), fields)
                .prop_map(|(tag, fields)| Value::Structure(Structure { tag, fields })),
        ]
    })
}

fn map_of(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map> {
    proptest::collection::vec(("[a-z_ä]{0,12}", inner), 0..20).prop_map(|entries| entries.into_iter().collect())
}

pub(crate) fn map(dialect: Dialect) -> impl Strategy<Value = Map> {
    map_of(value(dialect))
}

pub(crate) fn dialect_and_value() -> impl Strategy<Value = (Dialect, Value)> {
    dialect().prop_flat_map(|dialect| (Just(dialect), value(dialect)))
}

/// Bytes that look like values more often than by chance.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let telling = prop_oneof![
        any::<u8>(),
        0x80_u8..=0xBF,
        0xC0_u8..=0xE0,
        proptest::sample::select(b"NRrPDTtIidFfEXYV?".to_vec()),
        0_u8..4,
    ];
    proptest::collection::vec(telling, 0..60)
}
