//! Types that can't travel in a message whatever they stand for: borrows and `impl Trait`.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Lifetime, Type, TypeImplTrait, TypeReference};

/// Why a type is not an owned, concrete one: the tokens that say so.
pub(super) enum Unowned {
    /// A reference, or a lifetime other than `'static` (of a path such as `Cow<'a, str>`).
    Borrow(proc_macro2::TokenStream),
    ImplTrait(proc_macro2::TokenStream),
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
