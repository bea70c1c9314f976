//! Reads the functions that the host offers from `wit/`.

use std::path::Path;

use wit_parser::{Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, WorldItem, WorldKey};

/// A world that imports every interface that a tool can import.
const EVERYTHING: &str = "
    package wasm-agent:everything;
    world everything {
        include wasm-agent:host/tool@0.1.0;
        import wasi:io/streams@0.2.12;
        import wasi:random/insecure@0.2.12;
        import wasi:random/insecure-seed@0.2.12;
        import wasi:sockets/ip-name-lookup@0.2.12;
    }
";

/// WIT features whose functions the host has to link, because its bindings have them.
const FEATURES: [&str; 2] = ["informational-outbound-responses", "network-error-code"];

/// The functions and types of a package.
pub(super) struct Package {
    /// `wasi:filesystem`.
    pub(super) name: String,
    /// `filesystem`.
    pub(super) module: String,
    /// Types with names; a type comes after the types that it is made of.
    pub(super) types: Vec<Named>,
    pub(super) interfaces: Vec<Interface>,
}

pub(super) struct Interface {
    /// `wasi:filesystem/types`.
    pub(super) name: String,
    pub(super) functions: Vec<Function>,
}

pub(super) struct Function {
    pub(super) name: String,
    /// Names and types; the types as Rust.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) result: Option<String>,
}

/// A named type, as Rust.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) contents: Vec<String>,
}

impl Package {
    pub(super) fn keys(&self) -> Vec<String> {
        let keys = |interface: &Interface| {
            let key = |function: &Function| format!("{}#{}", interface.name, function.name);
            interface.functions.iter().map(key).collect::<Vec<_>>()
        };
        self.interfaces.iter().flat_map(keys).collect()
    }
}

/// Packages, interfaces and functions, each sorted by its name.
pub(super) fn packages(wit: &Path) -> Vec<Package> {
    let mut resolve = Resolve { features: FEATURES.map(str::to_owned).into_iter().collect(), ..Resolve::default() };
    resolve.push_dir(wit).unwrap();
    let package = resolve.push_str("everything.wit", EVERYTHING).unwrap();
    let world = resolve.select_world(&[package], Some("everything")).unwrap();
    let mut interfaces: Vec<(String, InterfaceId)> = Vec::new();
    for (key, item) in &resolve.worlds[world].imports {
        let (WorldKey::Interface(_), WorldItem::Interface { id, .. }) = (key, item) else { continue };
        interfaces.push((resolve.id_of(*id).unwrap().split('@').next().unwrap().to_owned(), *id));
    }
    interfaces.sort();
    let mut packages: Vec<Package> = Vec::new();
    let mut reader = Reader { resolve: &resolve, types: Vec::new() };
    for (name, id) in interfaces {
        let (package, _) = name.split_once('/').unwrap();
        if packages.last().is_none_or(|last| last.name != package) {
            let module = package.split_once(':').unwrap().1.to_owned();
            packages.push(Package { name: package.to_owned(), module, types: Vec::new(), interfaces: Vec::new() });
        }
        let interface = reader.interface(name, id);
        packages.last_mut().unwrap().interfaces.push(interface);
    }
    for (module, named) in reader.types {
        let package = packages.iter_mut().find(|package| package.module == module);
        package.unwrap_or_else(|| panic!("no package `{module}` for `{}`", named.name)).types.push(named);
    }
    packages
}

struct Reader<'a> {
    resolve: &'a Resolve,
    /// Named types, and the modules that contain them.
    types: Vec<(String, Named)>,
}

impl Reader<'_> {
    fn interface(&mut self, name: String, id: InterfaceId) -> Interface {
        let interface = &self.resolve.interfaces[id];
        let mut functions = Vec::new();
        for function in interface.functions.values() {
            let parameter = |parameter: &wit_parser::Param| (parameter.name.clone(), self.ty(&parameter.ty));
            let parameters = function.params.iter().map(parameter).collect();
            let result = function.result.as_ref().map(|result| self.ty(result));
            functions.push(Function { name: function.name.clone(), parameters, result });
        }
        for (name, ty) in &interface.types {
            if matches!(self.resolve.types[*ty].kind, TypeDefKind::Resource) {
                // WIT has none, but components import it.
                let parameters = vec![("self".to_owned(), format!("Own({name:?})"))];
                functions.push(Function { name: format!("[resource-drop]{name}"), parameters, result: None });
            }
        }
        functions.sort_by(|one, other| one.name.cmp(&other.name));
        Interface { name, functions }
    }

    /// A type as a Rust expression.
    fn ty(&mut self, ty: &Type) -> String {
        match ty {
            Type::Bool => "Bool".to_owned(),
            Type::U8 => "U8".to_owned(),
            Type::U16 => "U16".to_owned(),
            Type::U32 => "U32".to_owned(),
            Type::U64 => "U64".to_owned(),
            Type::String => "String".to_owned(),
            Type::Id(id) => self.defined(*id),
            other => panic!("journals have no form for {other:?} yet"),
        }
    }

    fn defined(&mut self, id: TypeId) -> String {
        let resolve = self.resolve;
        let optional = |reader: &mut Self, ty: &Option<Type>| match ty {
            Some(ty) => format!("Some(&{})", reader.ty(ty)),
            None => "None".to_owned(),
        };
        match &resolve.types[id].kind {
            TypeDefKind::Type(ty) => self.ty(ty),
            TypeDefKind::List(Type::U8) => "Bytes".to_owned(),
            TypeDefKind::List(of) => format!("List(&{})", self.ty(of)),
            TypeDefKind::Option(of) => format!("Option(&{})", self.ty(of)),
            TypeDefKind::Result(result) => {
                format!("Result({}, {})", optional(self, &result.ok), optional(self, &result.err))
            }
            TypeDefKind::Tuple(tuple) => {
                let types: Vec<String> = tuple.types.iter().map(|ty| self.ty(ty)).collect();
                format!("Tuple(&[{}])", types.join(", "))
            }
            TypeDefKind::Handle(Handle::Own(resource)) => format!("Own({:?})", self.resource(*resource)),
            TypeDefKind::Handle(Handle::Borrow(resource)) => format!("Borrow({:?})", self.resource(*resource)),
            TypeDefKind::Record(_) => format!("Record(&{})", self.named(id)),
            TypeDefKind::Flags(_) => format!("Flags(&{})", self.named(id)),
            TypeDefKind::Enum(_) => format!("Enum(&{})", self.named(id)),
            TypeDefKind::Variant(_) => format!("Variant(&{})", self.named(id)),
            other => panic!("journals have no form for {other:?} yet"),
        }
    }

    /// The resource behind the names that other interfaces give it.
    fn resource(&self, id: TypeId) -> &str {
        match &self.resolve.types[id].kind {
            TypeDefKind::Type(Type::Id(id)) => self.resource(*id),
            _ => self.resolve.types[id].name.as_deref().unwrap(),
        }
    }

    /// The constant of a named type, which is added to the module of its package.
    fn named(&mut self, id: TypeId) -> String {
        let definition = &self.resolve.types[id];
        let name = definition.name.clone().unwrap();
        let wit_parser::TypeOwner::Interface(owner) = definition.owner else { panic!("`{name}` is in no interface") };
        let package = self.resolve.interfaces[owner].package.unwrap();
        let module = self.resolve.packages[package].name.name.clone();
        let quoted = |name: &String| format!("{name:?}");
        let (kind, contents) = match &definition.kind {
            TypeDefKind::Flags(flags) => ("Flags", flags.flags.iter().map(|flag| quoted(&flag.name)).collect()),
            TypeDefKind::Enum(of) => ("Enum", of.cases.iter().map(|case| quoted(&case.name)).collect()),
            TypeDefKind::Record(record) => {
                let field = |field: &wit_parser::Field| format!("{:?}: {}", field.name, self.ty(&field.ty));
                ("Record", record.fields.iter().map(field).collect())
            }
            TypeDefKind::Variant(variant) => {
                let mut case = |case: &wit_parser::Case| match &case.ty {
                    Some(ty) => format!("({:?}, Some({}))", case.name, self.ty(ty)),
                    None => format!("({:?}, None)", case.name),
                };
                ("Variant", variant.cases.iter().map(&mut case).collect())
            }
            other => panic!("{other:?} has no name"),
        };
        let place = format!("crate::{module}::{}", super::write::constant(&name));
        let is_same = |(other, named): &(String, Named)| *other == module && named.name == name;
        match self.types.iter().find(|other| is_same(other)) {
            Some((_, known)) => assert_eq!(known.contents, contents, "two types `{name}` in one package"),
            None => self.types.push((module, Named { name, kind, contents })),
        }
        place
    }
}
