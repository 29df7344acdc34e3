public import Torch

/// A part of a network. Its stored properties that are parameters, modules, or arrays of modules are found by
/// reflection and named by their path, so that `body[0].conv1.weight` is PyTorch's `body.0.conv1.weight`.
public protocol Module: AnyObject, Sendable {
  /// Names in the weights' file for properties that are called otherwise in Swift.
  static var weightNames: [String: String] { get }
}

extension Module {
  public static var weightNames: [String: String] { [:] }

  /// Every parameter with its path, in the order of declaration.
  public var namedParameters: [(name: String, parameter: Parameter)] {
    var found: [(String, Parameter)] = []
    collect(prefix: "", into: &found)
    return found
  }

  /// The parameters that are trained, in the order of declaration.
  public var trainableParameters: [Parameter] { namedParameters.map(\.parameter).filter(\.isTrainable) }

  /// Number of trained values.
  public var parameterCount: Int { trainableParameters.reduce(0) { $0 + $1.value.count } }

  /// Every module below this one, and itself.
  public var modules: [any Module] {
    var found: [any Module] = [self]
    forEachChild { _, child in if let module = child as? any Module { found += module.modules } }
    return found
  }

  /// Fills every parameter afresh, keyed by `seed` and the parameter's place.
  public func initialize(seed: UInt64) throws {
    for (index, entry) in namedParameters.enumerated() {
      try entry.parameter.fill(
        KeyedNoise(seed: seed, sample: UInt64(index), step: 0, stream: "initialization"))
    }
  }

  /// Moves every parameter to `device`.
  public func to(device: Device) throws {
    for (_, parameter) in namedParameters { parameter.value = try parameter.value.to(device: device) }
  }

  private func collect(prefix: String, into found: inout [(String, Parameter)]) {
    forEachChild { name, child in
      let path = prefix.isEmpty ? name : "\(prefix).\(name)"
      if let parameter = child as? Parameter {
        found.append((path, parameter))
      } else if let module = child as? any Module {
        module.collect(prefix: path, into: &found)
      }
    }
  }

  private func forEachChild(_ visit: (String, Any) -> Void) {
    var levels: [Mirror] = []
    var level: Mirror? = Mirror(reflecting: self)
    while let current = level {
      levels.append(current)
      level = current.superclassMirror
    }
    for child in levels.reversed().flatMap(\.children) {
      guard let label = child.label else { continue }
      let name = Self.weightNames[label] ?? label
      if let many = child.value as? [any Module] {
        for (index, module) in many.enumerated() { visit("\(name).\(index)", module) }
      } else if child.value is any Module || child.value is Parameter {
        visit(name, child.value)
      } else if let present = Mirror(reflecting: child.value).children.first?.value,
        Mirror(reflecting: child.value).displayStyle == .optional
      {
        visit(name, present)
      }
    }
  }
}
