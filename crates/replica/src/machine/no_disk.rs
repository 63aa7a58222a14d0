//! What stands for records in a directory in a build without RocksDB: types that have no value, so that nothing needs to be
//! said of what their functions do.

use std::path::Path;

use aliasd_catalog::{Catalog, Revision};

use super::state::{AppliedState, Writes};
use crate::fault::StorageFault;

pub(crate) enum DiskRecords {}

#[derive(Clone, Copy)]
pub(crate) enum DiskStage {}

impl DiskRecords {
    pub(super) fn root(&self) -> &Path {
        match *self {}
    }

    pub(super) fn load(&self) -> Result<(Catalog, AppliedState), StorageFault> {
        match *self {}
    }

    pub(super) fn steps_after(&self, _after: Revision) -> Result<Vec<(Revision, Vec<u8>)>, StorageFault> {
        match *self {}
    }

    pub(super) fn write(&self, _writes: &Writes, _state: &AppliedState) -> Result<(), StorageFault> {
        match *self {}
    }

    pub(super) fn flush(&self) -> Result<(), StorageFault> {
        match *self {}
    }

    pub(super) fn stage(&self) -> Result<DiskStage, StorageFault> {
        match *self {}
    }

    pub(super) fn install(&self, stage: DiskStage, _state: &AppliedState) -> Result<(), StorageFault> {
        match stage {}
    }

    pub(super) fn close(&self) {
        match *self {}
    }
}

impl DiskStage {
    pub(super) fn add(&mut self, _records: &[(Vec<u8>, Vec<u8>)]) -> Result<(), StorageFault> {
        match *self {}
    }
}
