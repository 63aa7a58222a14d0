//! Closed choices as numbers: one table per enumeration, complete in both directions.

use aliasd_catalog as catalog;

use super::FieldError;
use super::proto;

/// A closed choice of the catalog that is stored as the number of a protobuf enumeration, where 0 means
/// that nothing was chosen.
pub(super) trait Choice: Copy {
    /// Its number; never 0.
    fn number(self) -> i32;

    /// The choice with this number; none for 0.
    fn from_number(number: i32) -> Result<Option<Self>, FieldError>;

    /// The choice with this number, where one has to be made.
    fn required(number: i32, field: &str) -> Result<Self, FieldError> {
        Self::from_number(number)?.ok_or_else(|| FieldError::missing(field))
    }

    /// The number of an optional choice.
    fn optional_number(choice: Option<Self>) -> i32 {
        choice.map_or(0, Self::number)
    }
}

macro_rules! choice {
    ($catalog:path = $proto:path { $($variant:ident)+ }) => {
        impl Choice for $catalog {
            fn number(self) -> i32 {
                match self { $(Self::$variant => <$proto>::$variant.into(),)+ }
            }

            fn from_number(number: i32) -> Result<Option<Self>, FieldError> {
                let Ok(stored) = <$proto>::try_from(number) else {
                    return Err(FieldError::newer(format!("{} number {number}", stringify!($catalog))));
                };
                Ok(match stored {
                    <$proto>::Unspecified => None,
                    $(<$proto>::$variant => Some(Self::$variant),)+
                })
            }
        }
    };
}

choice!(catalog::CypherVersion = proto::DefaultLanguage { Cypher5 Cypher25 });
choice!(catalog::DatabaseKind = proto::DatabaseKind { System Standard Composite });
choice!(catalog::DatabaseAccess = proto::DatabaseAccess { ReadWrite ReadOnly });
choice!(catalog::DatabaseStatus = proto::DatabaseStatus { Online Offline });
choice!(catalog::UserStatus = proto::UserStatus { Active Suspended });
choice!(catalog::LogLevel = proto::LogLevel { Debug Info Warn Error None });
choice!(catalog::CreateMode = proto::CreateMode { Fail IfNotExists OrReplace });
choice!(catalog::GrantEffect = proto::GrantEffect { Granted Denied });
choice!(catalog::DbmsAction = proto::DbmsAction {
    All
    AliasManagement CreateAlias DropAlias AlterAlias ShowAlias ResolveAlias
    DatabaseManagement CreateDatabase DropDatabase AlterDatabase SetDatabaseAccess SetDatabaseDefaultLanguage
    CompositeDatabaseManagement CreateCompositeDatabase DropCompositeDatabase AlterCompositeDatabase
    UserManagement CreateUser DropUser RenameUser ShowUser AlterUser
    SetPasswords SetAuth SetUserStatus SetUserHomeDatabase
    UserMetadataManagement SetUserMetadata ShowUserMetadata
    RoleManagement CreateRole DropRole RenameRole ShowRole AssignRole RemoveRole
    PrivilegeManagement ShowPrivilege AssignPrivilege RemovePrivilege
    AuthRuleManagement CreateAuthRule DropAuthRule AlterAuthRule RenameAuthRule ShowAuthRule
    ExecuteAdminProcedures AlterClusterPolicy
    ServerManagement ShowServers
});
choice!(catalog::DatabaseAction = proto::DatabaseAction {
    All Access Start Stop
    CreateIndex DropIndex CreateConstraint DropConstraint CreateLabel CreateType CreatePropertyName
    IndexManagement ConstraintManagement NameManagement ShowIndex ShowConstraint
    AlterDatabase AlterCompositeDatabase SetDatabaseAccess SetDatabaseDefaultLanguage
});
choice!(catalog::TransactionAction = proto::TransactionAction { Management Show Terminate });
choice!(catalog::QualifiedAction = proto::QualifiedAction {
    ExecuteProcedure ExecuteBoostedProcedure ExecuteFunction ExecuteBoostedFunction ShowSetting
});
choice!(catalog::GraphAction = proto::GraphAction {
    Traverse Read Match Merge Create Delete SetLabel RemoveLabel SetProperty Write All
});
