/// All causes, by group of the taxonomy.
package enum CauseCatalogue {
}
