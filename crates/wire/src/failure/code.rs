//! The status codes of gRPC by number, so that what is said of a failure needs no library for gRPC.

/// A status code of gRPC, with the name and the number of its specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcCode {
    /// The call was answered. A failure never has it.
    Ok = 0,
    /// The caller gave up.
    Cancelled = 1,
    /// Nobody can tell what happened.
    Unknown = 2,
    /// The request is wrong, whatever the state of the cluster.
    InvalidArgument = 3,
    /// The time of the call was over.
    DeadlineExceeded = 4,
    /// What the request names does not exist.
    NotFound = 5,
    /// What the request would make exists.
    AlreadyExists = 6,
    /// The caller may not do it.
    PermissionDenied = 7,
    /// Too much is asked for at present.
    ResourceExhausted = 8,
    /// The state of the cluster does not allow it.
    FailedPrecondition = 9,
    /// What the call built upon has changed meanwhile.
    Aborted = 10,
    /// The request asks for what is past the end or not kept any more.
    OutOfRange = 11,
    /// There is no such call.
    Unimplemented = 12,
    /// A fault of the program that answers.
    Internal = 13,
    /// Nobody can answer at present.
    Unavailable = 14,
    /// Data is damaged.
    DataLoss = 15,
    /// Who the caller is has not been proved.
    Unauthenticated = 16,
}

impl GrpcCode {
    /// Every code, each at its number.
    pub const ALL: [Self; 17] = [
        Self::Ok,
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The number that is sent.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The code of a number. One that the specification does not know counts as unknown, as it prescribes.
    pub fn from_number(number: i32) -> Self {
        let code = usize::try_from(number).ok().and_then(|number| Self::ALL.get(number));
        code.copied().unwrap_or(Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_belong_together() {
        for (number, code) in (0..).zip(GrpcCode::ALL) {
            assert_eq!((code.number(), GrpcCode::from_number(number)), (number, code));
        }
        for unknown in [-1, 17, i32::MIN, i32::MAX] {
            assert_eq!(GrpcCode::from_number(unknown), GrpcCode::Unknown);
        }
    }
}
