//! Types that can't travel in a message whatever they stand for: borrows, `impl Trait`, what only this process knows.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericArgument, Ident, Lifetime, PathArguments, PathSegment, Type, TypeImplTrait, TypeParamBound, TypePath,
    TypePtr, TypeReference, TypeTraitObject,
};

/// Traits whose objects nothing can write into a message. Of others a crate may do so (`typetag`).
const OPAQUE: [&str; 9] = ["Error", "Fn", "FnMut", "FnOnce", "Future", "Iterator", "Any", "Debug", "Display"];

/// Why a type is not an owned, concrete one: the tokens that say so.
pub(super) enum Unowned {
    /// A reference, or a lifetime other than `'static` (of a path such as `Cow<'a, str>`).
    Borrow(proc_macro2::TokenStream),
    ImplTrait(proc_macro2::TokenStream),
    /// An `Rc`, and what is in it.
    Rc(proc_macro2::TokenStream, Box<Type>),
    /// A raw pointer.
    Pointer(proc_macro2::TokenStream),
    /// `dyn Fn(…)`, and the like: the type, and the trait's name.
    Object(proc_macro2::TokenStream, Ident),
}

/// The first part of a type that is not owned.
pub(super) fn find_unowned(ty: &Type) -> Option<Unowned> {
    struct Find(Option<Unowned>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            self.0.get_or_insert_with(|| Unowned::Borrow(reference.to_token_stream()));
        }

        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            if lifetime.ident != "static" {
                self.0.get_or_insert_with(|| Unowned::Borrow(lifetime.to_token_stream()));
            }
        }

        fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
            self.0.get_or_insert_with(|| Unowned::ImplTrait(ty.to_token_stream()));
        }

        fn visit_type_trait_object(&mut self, ty: &'ast TypeTraitObject) {
            match opaque(ty) {
                Some(name) => {
                    self.0.get_or_insert_with(|| Unowned::Object(ty.to_token_stream(), name.clone()));
                }
                None => visit::visit_type_trait_object(self, ty),
            }
        }

        fn visit_type_ptr(&mut self, ty: &'ast TypePtr) {
            self.0.get_or_insert_with(|| Unowned::Pointer(ty.to_token_stream()));
        }

        fn visit_type_path(&mut self, ty: &'ast TypePath) {
            match inside_rc(ty) {
                Some(inside) => {
                    self.0.get_or_insert_with(|| Unowned::Rc(ty.to_token_stream(), Box::new(inside.clone())));
                }
                None => visit::visit_type_path(self, ty),
            }
        }

        fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}

        fn visit_type(&mut self, ty: &'ast Type) {
            if self.0.is_none() {
                visit::visit_type(self, ty);
            }
        }
    }
    let mut find = Find(None);
    find.visit_type(ty);
    find.0
}

/// What is in an `Rc<…>`, under its own name or by its path. rustc would find it in each of the impls of the message.
fn inside_rc(ty: &TypePath) -> Option<&Type> {
    let last = ty.path.segments.last().filter(|last| ty.qself.is_none() && last.ident == "Rc")?;
    let before = ty.path.segments.len().checked_sub(2).and_then(|nth| ty.path.segments.get(nth));
    before.is_none_or(|before| before.ident == "rc").then(|| only_argument(last)).flatten()
}

/// The one type between the `<>` of a path.
fn only_argument(last: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
    match generics.args.first() {
        Some(GenericArgument::Type(ty)) if generics.args.len() == 1 => Some(ty),
        _ => None,
    }
}

/// The name of the trait, of an object that nothing can write.
fn opaque(ty: &TypeTraitObject) -> Option<&Ident> {
    ty.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let name = &bound.path.segments.last()?.ident;
            OPAQUE.iter().any(|opaque| name == opaque).then_some(name)
        }
        _ => None,
    })
}

/// Puts another type in the place of such objects, with the `Box` or `Arc` around them.
pub(super) fn replace_objects(ty: &mut Type, instead: &Type) {
    struct Replace<'t>(&'t Type);
    impl VisitMut for Replace<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            let is_object = |ty: &Type| matches!(ty, Type::TraitObject(object) if opaque(object).is_some());
            let inside = match &*ty {
                Type::Path(path) => path.path.segments.last().and_then(only_argument),
                _ => None,
            };
            if is_object(ty) || inside.is_some_and(is_object) {
                *ty = self.0.clone();
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    Replace(instead).visit_type_mut(ty);
}

/// Makes all borrows in a type `'static`: it then needs nothing to borrow from.
pub(super) fn make_static(ty: &mut Type) {
    struct Make;
    impl VisitMut for Make {
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            reference.lifetime = Some(Lifetime::new("'static", proc_macro2::Span::call_site()));
            visit_mut::visit_type_reference_mut(self, reference);
        }

        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            lifetime.ident = proc_macro2::Ident::new("static", lifetime.ident.span());
        }
    }
    Make.visit_type_mut(ty);
}
