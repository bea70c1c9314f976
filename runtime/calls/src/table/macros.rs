//! The notation of the table.

/// The functions of an interface: a constant for each to match it by, its class, its name, parameters and result.
macro_rules! interface {
    ($(#[$doc:meta])* $module:ident $interface:literal {
        $($id:ident $class:ident $name:literal ($($parameter:literal: $type:expr),*) $(-> $result:expr)?;)*
    }) => {
        $(#[$doc])*
        #[allow(unused_qualifications, reason = "a function may have the name of a type")]
        pub mod $module {
            #[allow(unused_imports, reason = "an interface that has few functions uses few types")]
            use super::*;

            /// The interface, without its version.
            pub const INTERFACE: &str = $interface;

            $(#[doc = concat!("`", $name, "`.")]
            pub const $id: $crate::Id = $crate::Id::of(concat!($interface, "#", $name));)*

            pub(crate) const FUNCTIONS: &[$crate::Function] = &[$($crate::Function::new(
                $crate::Class::$class,
                [$interface, $name, concat!($interface, "#", $name)],
                &[$($crate::Named::new($parameter, $type)),*],
                $crate::table::macros::interface!(@result $($result)?),
            )),*];
        }
    };
    (@result) => { None };
    (@result $result:expr) => { Some($result) };
}
pub(crate) use interface;
