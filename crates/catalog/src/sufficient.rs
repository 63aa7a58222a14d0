//! Which privileges suffice for an action on a database: those on databases, and those on the DBMS that say the same of
//! all of them.

use crate::{DatabaseAction, DbmsAction};

impl DbmsAction {
    /// The same action on single databases, where there is one.
    pub fn on_databases(self) -> Option<DatabaseAction> {
        DatabaseAction::ALL.iter().copied().find(|action| action.on_dbms() == Some(self))
    }
}

impl DatabaseAction {
    /// The same action on the DBMS as a whole, where there is one. Asked for each use of a database.
    pub fn on_dbms(self) -> Option<DbmsAction> {
        match self {
            Self::AlterDatabase => Some(DbmsAction::AlterDatabase),
            Self::AlterCompositeDatabase => Some(DbmsAction::AlterCompositeDatabase),
            Self::SetDatabaseAccess => Some(DbmsAction::SetDatabaseAccess),
            Self::SetDatabaseDefaultLanguage => Some(DbmsAction::SetDatabaseDefaultLanguage),
            _ => None,
        }
    }

    /// The privileges that each suffice for this action on the same database, itself included.
    pub fn satisfied_by(self) -> Vec<Self> {
        let group = match self {
            Self::SetDatabaseAccess | Self::SetDatabaseDefaultLanguage => Some(Self::AlterDatabase),
            Self::CreateIndex | Self::DropIndex | Self::ShowIndex => Some(Self::IndexManagement),
            Self::CreateConstraint | Self::DropConstraint | Self::ShowConstraint => Some(Self::ConstraintManagement),
            Self::CreateLabel | Self::CreateType | Self::CreatePropertyName => Some(Self::NameManagement),
            _ => None,
        };
        let everything = !matches!(self, Self::Start | Self::Stop | Self::All) && self.on_dbms().is_none();
        [Some(self), group, everything.then_some(Self::All)].into_iter().flatten().collect()
    }
}
