//! The macro that makes every function that a tool can import go through the gate.

/// Implements one of wasmtime's host traits on [`View`](crate::call::View), with the same steps for each function. The
/// names of interface, trait and method determine the WIT function.
///
/// The last part of a function says how a live run performs it:
/// - `via view`: wasmtime-wasi performs it, through the view of that name on [`World`](crate::world::World). Only for
///   calls that are pure or act on a handle: a look or an effect in this form does not compile;
/// - `|host, call| expression`: the expression does, with `host: &mut Host` and `call: &mut Call`.
///
/// `again |host, answer| expression` says what a replay does with the recorded answer besides returning it. A function
/// marked `by hand` is written out, with `@call` in it, because its arguments or its answer are recorded with another
/// type than it has.
macro_rules! host_calls {
    (impl $trait:path as $interface:literal { $($functions:tt)* }) => {
        impl $trait for $crate::call::View<'_> {
            $crate::call::host_calls! { @ $trait, $interface, $($functions)* }
        }
    };
    (@ $trait:path, $interface:literal,) => {};
    (@ $trait:path, $interface:literal, by hand { $($functions:tt)* } $($rest:tt)*) => {
        $($functions)*
        $crate::call::host_calls! { @ $trait, $interface, $($rest)* }
    };
    (@ $trait:path, $interface:literal,
        fn $name:ident($($arg:ident: $type:ty),*) -> $ret:ty = via $view:ident
        $(, again |$host:ident, $answer:ident| $again:expr)?; $($rest:tt)*) => {
        fn $name(&mut self, $($arg: $type),*) -> $ret {
            const _: () = $crate::call::unchecked($interface, stringify!($trait), stringify!($name));
            $crate::call::host_calls!(@call self, false, $trait as $interface, $name, ($($arg: $type),*), $ret,
                |live_host, _call| match live_host.world() {
                    Ok(world) => <_ as $trait>::$name(&mut world.$view(), $($arg),*),
                    Err(error) => $crate::call::Answer::trap(error),
                } $(, again |$host, $answer| $again)?)
        }
        $crate::call::host_calls! { @ $trait, $interface, $($rest)* }
    };
    (@ $trait:path, $interface:literal,
        async fn $name:ident($($arg:ident: $type:ty),*) -> $ret:ty = via $view:ident
        $(, again |$host:ident, $answer:ident| $again:expr)?; $($rest:tt)*) => {
        async fn $name(&mut self, $($arg: $type),*) -> $ret {
            const _: () = $crate::call::unchecked($interface, stringify!($trait), stringify!($name));
            $crate::call::host_calls!(@call self, true, $trait as $interface, $name, ($($arg: $type),*), $ret,
                |live_host, _call| match live_host.world() {
                    Ok(world) => <_ as $trait>::$name(&mut world.$view(), $($arg),*).await,
                    Err(error) => $crate::call::Answer::trap(error),
                } $(, again |$host, $answer| $again)?)
        }
        $crate::call::host_calls! { @ $trait, $interface, $($rest)* }
    };
    (@ $trait:path, $interface:literal,
        fn $name:ident($($arg:ident: $type:ty),*) -> $ret:ty = |$host:ident, $call:pat_param| $perform:expr
        $(, again |$other:ident, $answer:ident| $again:expr)?; $($rest:tt)*) => {
        fn $name(&mut self, $($arg: $type),*) -> $ret {
            $crate::call::host_calls!(@call self, false, $trait as $interface, $name, ($($arg: $type),*), $ret,
                |$host, $call| $perform $(, again |$other, $answer| $again)?)
        }
        $crate::call::host_calls! { @ $trait, $interface, $($rest)* }
    };
    (@ $trait:path, $interface:literal,
        async fn $name:ident($($arg:ident: $type:ty),*) -> $ret:ty =
            |$host:ident, $call:pat_param| $perform:expr
        $(, again |$other:ident, $answer:ident| $again:expr)?; $($rest:tt)*) => {
        async fn $name(&mut self, $($arg: $type),*) -> $ret {
            $crate::call::host_calls!(@call self, true, $trait as $interface, $name, ($($arg: $type),*), $ret,
                |$host, $call| $perform $(, again |$other, $answer| $again)?)
        }
        $crate::call::host_calls! { @ $trait, $interface, $($rest)* }
    };
    // The steps of a call.
    (@call $self:ident, $blocking:literal, $trait:path as $interface:literal, $name:ident,
        ($($arg:ident: $type:ty),*), $ret:ty, |$host:ident, $call:pat_param| $perform:expr
        $(, again |$other:ident, $answer:ident| $again:expr)?) => {{
        const FUNCTION: &$crate::call::Function = $crate::call::function(
            $interface,
            stringify!($trait),
            stringify!($name),
            <[&str]>::len(&[$(stringify!($arg)),*]),
        );
        let $host = &mut *$self.host;
        match $host.enter(FUNCTION, $blocking, |_arguments| { $($crate::call::wire::Wire::put(&$arg, _arguments);)* }) {
            Err(error) => <$ret as $crate::call::Answer>::trap(error),
            Ok(($crate::source::AnswerFrom::Recording, recorded_call)) => {
                let answer: $ret = $host.replayed(recorded_call);
                $(let ($other, $answer) = ($host, answer); let answer = $again;)?
                answer
            }
            Ok(($crate::source::AnswerFrom::World, mut performed_call)) => {
                let answer: $ret = {
                    let $call = &mut *performed_call;
                    $perform
                };
                $host.leave(performed_call, answer)
            }
        }
    }};
}
pub(crate) use host_calls;
