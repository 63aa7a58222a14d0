//! Commands on aliases.

use aliasd_catalog::{AliasTarget, AlterAlias, Command, CreateAlias, OpenCommand, RemoteTarget, Revision, Sealed};
use proptest::option::of;
use proptest::prelude::*;

use super::{alias_name, catalog_name, driver, form, language, login, mode, properties, remote_user_name, sealed, url};

pub(super) fn alias_commands() -> impl Strategy<Value = Command<Sealed>> {
    let remote = (catalog_name(), url(), login(), driver(), of(language())).prop_map(
        |(database, url, login, driver, default_language)| {
            AliasTarget::Remote(RemoteTarget { database, url, login, driver, default_language })
        },
    );
    let target = prop_oneof![catalog_name().prop_map(AliasTarget::Local), remote];
    let create = (alias_name(), form(), mode(), target, properties())
        .prop_map(|(name, form, mode, target, properties)| CreateAlias { name, form, mode, target, properties });
    let target = of((catalog_name(), of(url())));
    let added = (of(sealed()), of(any::<u64>().prop_map(Revision)));
    let parts = (of(remote_user_name()), of(sealed()), added, of(driver()), of(language()), of(properties()));
    let alter =
        (catalog_name(), form(), any::<bool>(), target, parts).prop_map(|(name, form, if_exists, target, parts)| {
            let (user, credential, (carried, seen), driver, default_language, properties) = parts;
            AlterAlias {
                name,
                form,
                if_exists,
                target,
                user,
                credential,
                carried,
                seen,
                driver,
                default_language,
                properties,
            }
        });
    prop_oneof![
        create.prop_map(Command::CreateAlias),
        alter.prop_map(Command::AlterAlias),
        (catalog_name(), form(), any::<bool>())
            .prop_map(|(name, form, if_exists)| Command::Open(OpenCommand::DropAlias { name, form, if_exists })),
    ]
}
