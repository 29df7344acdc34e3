import TestSupport
import Testing
import Torch

@testable import TorchNN

/// Names of weights, found by reflection.
struct ModuleNamingTests {
  private final class Leaf: Module {
    let weight: Parameter
    let running: Parameter
    init() throws {
      weight = try Parameter([2], .constant(1))
      running = try Parameter([3], .constant(0), isTrainable: false)
    }
  }

  private class Base: Module, @unchecked Sendable {
    let first: Leaf
    let number = 3
    let text = "no module"
    init() throws { first = try Leaf() }
  }

  private final class Everything: Base, @unchecked Sendable {
    static let weightNames = ["shortcut": "downsample", "layers": "body"]
    let shortcut: Leaf?
    let absent: Leaf?
    let scale: Parameter?
    let noScale: Parameter?
    let layers: [Leaf]
    let mixed: [any Module]
    let empty: [Leaf] = []
    override init() throws {
      shortcut = try Leaf()
      absent = nil
      scale = try Parameter([], .constant(2))
      noScale = nil
      layers = try [Leaf(), Leaf()]
      mixed = try [Leaf(), Base()]
      try super.init()
    }
  }

  private final class Renamed: Module {
    static let weightNames = ["shortcut": "downsample", "layers": "body"]
    let shortcut: Leaf?
    let layers: [Leaf]
    init() throws {
      shortcut = try Leaf()
      layers = try [Leaf()]
    }
  }

  @Test func namesFollowTheProperties() throws {
    let names = try Everything().namedParameters.map(\.name)
    #expect(
      names == [
        "first.weight", "first.running", "shortcut.weight", "shortcut.running", "scale",
        "layers.0.weight", "layers.0.running", "layers.1.weight", "layers.1.running",
        "mixed.0.weight", "mixed.0.running", "mixed.1.first.weight", "mixed.1.first.running",
      ])
  }

  @Test func weightNamesReplaceThem() throws {
    let names = try Renamed().namedParameters.map(\.name)
    #expect(names == ["downsample.weight", "downsample.running", "body.0.weight", "body.0.running"])
  }

  @Test func buffersAreNotTrained() throws {
    let leaf = try Leaf()
    #expect(leaf.trainableParameters.count == 1)
    #expect(leaf.parameterCount == 2)
    #expect(try leaf.weights().keys.sorted() == ["running", "weight"])
  }

  @Test func modulesIncludeThemselves() throws {
    #expect(try Everything().modules.count == 1 + 1 + 1 + 2 + 1 + 2)
  }
}
