extension SceneGrammar {
  /// Whether a scene's combination of attributes is kept from training, whatever its background.
  public static func isHeldOut(_ scene: Scene) -> Bool { isHeldOut(scene.subject) }

  /// Whether a combination of attributes is kept from training: those whose weighted sum of places in the lists of values
  /// ends in 3, a tenth of each kind. Every value is seen with nearly every other one, but not all combinations are.
  ///
  /// | kind | sum | so that |
  /// |---|---|---|
  /// | table | colour + 3 chairs | a black table with 5 chairs is never seen, of any shape and with any chairs; one with 6 is |
  /// | group | colour + 3 count + 7 shape | for each count and shape one colour is never seen |
  /// | pair | object + object | the two objects are never seen together, in whichever places |
  /// | around | count + small object + 7 large object | |
  ///
  /// where an object is colour + 3 shape, and colours and shapes are numbered from 0 in the order of their declaration.
  public static func isHeldOut(_ subject: Scene.Subject) -> Bool {
    let sum =
      switch subject {
      case .table(let table): place(table.colour) + 3 * table.chairs
      case .group(let count, let object): place(object.colour) + 3 * count + 7 * place(object.shape)
      case .pair(let first, _, let second): place(first) + place(second)
      case .around(let count, let small, let large): count + place(small) + 7 * place(large)
      }
    return sum % 10 == 3
  }

  private static func place(_ object: SceneObject) -> Int { place(object.colour) + 3 * place(object.shape) }

  // Declared order, which every case has a place in.
  private static let colourPlaces = Dictionary(
    uniqueKeysWithValues: SceneColour.allCases.enumerated().map { ($1, $0) })
  private static let shapePlaces = Dictionary(
    uniqueKeysWithValues: SceneShape.allCases.enumerated().map { ($1, $0) })

  private static func place(_ colour: SceneColour) -> Int { colourPlaces[colour] ?? 0 }
  private static func place(_ shape: SceneShape) -> Int { shapePlaces[shape] ?? 0 }
}
